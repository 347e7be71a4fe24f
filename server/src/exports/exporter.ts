/** The Python child that writes an export: `python -m models.sdxl.export`, with a time limit and none of our secrets. */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { z } from "zod";
import { ROOT } from "../config.ts";
import type { Context } from "../context.ts";
import { HttpError, unprocessable } from "../errors.ts";
import { explainDiskError } from "../files/disk.ts";
import type { ExportWanted } from "./export.ts";

const EXPORT_MS_MAX = 15 * 60_000;
/** The child ends so where it has a sentence for the user, which is then its stderr. */
const REFUSED = 1;
const Made = z.object({ name: z.string(), sha256: z.string(), size: z.int(), error: z.number().nullable() });
export type Made = z.infer<typeof Made>;

/** Writes the export to `file`. Throws 422 with the exporter's sentence, 507 on a full disk. */
export async function runExporter(context: Context, wanted: ExportWanted, file: string): Promise<Made> {
  const folder = context.blobs.incomingPath();
  try {
    const { code, stdout, stderr } = await run(context, [
      "-m",
      "models.sdxl.export",
      wanted.weights.path,
      "--base",
      wanted.base.folder,
      "--format",
      wanted.format,
      "--title",
      wanted.title,
      "--out",
      folder,
      "--pack",
      file,
      ...(wanted.maxMb === undefined ? [] : ["--max-mb", String(wanted.maxMb)]),
    ]);
    if (code === 0) return Made.parse(JSON.parse(stdout));
    if (code === REFUSED && !stderr.startsWith("Traceback")) throw unprocessable("Cannot be exported", stderr.trim());
    if (/No space left on device|Disk quota exceeded/.test(stderr)) {
      throw explainDiskError(Object.assign(new Error(stderr), { code: "ENOSPC" }));
    }
    throw new Error(`The exporter ended with ${code}: ${stderr}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(context: Context, args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const limit = AbortSignal.timeout(EXPORT_MS_MAX);
  const signal = AbortSignal.any([limit, context.stopping]);
  const { PATH, HOME, LANG, TMPDIR } = process.env;
  const child = spawn(context.config.python, args, {
    cwd: ROOT,
    env: { PATH, HOME, LANG, TMPDIR, OMP_NUM_THREADS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    said.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said.stderr = (said.stderr + text).slice(-10_000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(signal.aborted ? cutShort(context) : error));
    child.on("close", (code) => (signal.aborted ? reject(cutShort(context)) : resolve({ code, ...said })));
  });
}

function cutShort(context: Context): HttpError {
  const detail = context.stopping.aborted
    ? "The server is being stopped. Try again when it runs."
    : "The export took longer than 15 minutes and was given up. Is the machine busy? Try again later.";
  return new HttpError(503, detail, { title: "Not exported" });
}
