/**
 * A reader who does what a page says: its blocks in their order, in one shell, in a folder that looks like the checkout,
 * against a server that is there already. A few things differ from a real reader's: the server's address is put where
 * the page says 127.0.0.1:7788, and a free port where it says 7799; `data.zip` is one of the examples, ComfyUI and A1111
 * are empty folders, and a training on easel/emoji that names no number of steps takes few, draws no samples, scores no
 * snapshots, and is checked by one picture.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, TOKEN } from "../support/server.ts";
import { type Block, RUN_LANGUAGES } from "./blocks.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Enough for a result that draws; other tests are about how good it is. */
const SHORT = "max_train_steps=4 sample_steps=0 publish=last sample_prompts='a star'";
/** A page that takes longer, on however busy a machine, waits for something that will not come; the test says at which line. */
const SECONDS_MAX = 900;
/** For the test of a page. */
export const READING_MS_MAX = (SECONDS_MAX + 60) * 1000;

export interface Reading {
  page: string;
  blocks: Block[];
  server: { url: string; data: string };
}

/** Resolves when every block has been run. Throws with page, line and all that was said where one fails. */
export async function follow({ page, blocks, server }: Reading): Promise<void> {
  const folder = makeFolder();
  try {
    const { code, said, line } = await run(
      folder,
      script(folder, [new URL(server.url).host, String(await freePort())], blocks),
      server,
    );
    const ending = code === null ? `took longer than ${SECONDS_MAX} s` : `end with ${code}`;
    if (code !== 0) throw new Error(`${page}:${line}: the commands ${ending}.\n${said}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function script(folder: string, [host, port]: [host: string, port: string], blocks: Block[]): string {
  const steps = blocks
    .filter(({ language, notRun }) => RUN_LANGUAGES.includes(language) && notRun === undefined)
    .map(({ language, line, text }) => {
      const ours = text.replaceAll("127.0.0.1:7788", host).replaceAll("7799", port);
      return `echo ${line} >&3\n${language === "sh" ? ours : runFile(folder, language, line, ours)}`;
    });
  return `set -euo pipefail\n${steps.join("\n")}\n`;
}

function runFile(folder: string, language: string, line: number, text: string): string {
  const name = `block-${line}.${language === "js" ? "mjs" : "py"}`;
  writeFileSync(join(folder, name), `${text}\n`);
  return `${language === "js" ? "node" : ".venv/bin/python"} ${name}`;
}

async function run(folder: string, text: string, server: Reading["server"]) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    NO_COLOR: "1",
    EASEL_URL: server.url,
    EASEL_TOKEN: TOKEN,
    EASEL_DATA: server.data,
  };
  // A group of its own, so that what a page starts in the background ends with it.
  const shell = spawn("bash", ["-c", text], {
    cwd: folder,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let [said, lines] = ["", ""];
  for (const stream of [shell.stdout, shell.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  }
  shell.stdio[3]?.on("data", (chunk) => {
    lines += chunk;
  });
  const end = () => {
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, "SIGKILL");
    } catch {
      // Nothing was left in the background.
    }
  };
  const late = setTimeout(end, SECONDS_MAX * 1000);
  const code = await new Promise<number | null>((resolve, reject) => {
    shell.on("error", reject);
    shell.on("exit", resolve);
  });
  clearTimeout(late);
  end();
  return { code, said, line: lines.trim().split("\n").at(-1) };
}

/** The checkout by links, so that what commands leave behind is not left there. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "easel-page-"));
  const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
  const entries = new Set([".venv", ...tracked.map((path) => path.split("/")[0] ?? path)]);
  for (const entry of entries) symlinkSync(join(ROOT, entry), join(folder, entry));
  copyFileSync(join(ROOT, "examples", "fluent-3d.zip"), join(folder, "data.zip"));
  mkdirSync(join(folder, "ComfyUI", "comfy"), { recursive: true });
  mkdirSync(join(folder, "stable-diffusion-webui"));
  writeFileSync(join(folder, "stable-diffusion-webui", "webui.py"), "");
  linkPackages(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const easel = join(folder, "node_modules", ".bin", "easel");
  rmSync(easel);
  writeFileSync(
    easel,
    `#!/usr/bin/env bash
if [[ "$1" == train && " $* " == *" easel/emoji "* && "$*" != *max_train_steps=* ]]; then set -- "$@" ${SHORT}; fi
exec node ${JSON.stringify(join(ROOT, "cli", "bin", "easel.js"))} "$@"
`,
  );
  chmodSync(easel, 0o755);
  return folder;
}

function linkPackages(from: string, to: string): void {
  mkdirSync(join(to, ".bin"), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === ".bin")
      for (const bin of readdirSync(join(from, name))) symlinkSync(join(from, name, bin), join(to, name, bin));
    else symlinkSync(join(from, name), join(to, name));
  }
}
