/** Looks whether the data folder is as the database says: every file that a row names is there, with its bytes. Changes nothing. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { attemptFolder } from "../runs/attempt-folder.ts";
import { listEventsOfTypes } from "../runs/events.ts";
import { listRunIds } from "../runs/store.ts";
import { listDeletedWeights } from "./deleted-weights.ts";
import { listReferences } from "./references.ts";

const Body = z.looseObject({ file: ReportedFile.optional(), files: z.array(ReportedFile).optional() });
const NAMING = ["output", "chunk", "artifact", "sample", "snapshot"] as const;
const YOUNG_MS = 24 * 60 * 60 * 1000;

export interface Checked {
  files: number;
  bytes: number;
  /** A sentence for each thing that is gone or damaged. */
  faults: string[];
  /** What nothing names, and is old enough for `easel gc`: no fault, only space. */
  unnamed: { count: number; bytes: number };
}

/** Reads every byte that is named. `onFile` is told of each file. */
export async function checkFolder(
  context: Pick<Context, "db" | "blobs" | "config" | "now">,
  onFile: (done: number) => void = () => undefined,
): Promise<Checked> {
  const checked: Checked = { files: 0, bytes: 0, faults: [], unnamed: { count: 0, bytes: 0 } };
  const look = async (path: string, sha256: string, what: string) => {
    const fault = await faultOf(path, sha256);
    if (fault !== undefined) checked.faults.push(`${what} ${fault}: ${path}`);
    else checked.bytes += (await stat(path)).size;
    checked.files += 1;
    onFile(checked.files);
  };
  const named = await listReferences(context.db, context.now());
  for (const [sha256, by] of named) await look(context.blobs.path(sha256), sha256, by.join(", "));
  const deleted = new Set(await listDeletedWeights(context, new Date(context.now()).toISOString()));
  for (const { id } of await listRunIds(context.db)) {
    for (const { attempt, body } of await listEventsOfTypes(context.db, id, [...NAMING])) {
      const { file, files = [] } = Body.parse(JSON.parse(body));
      for (const one of file === undefined ? files : [file, ...files]) {
        const path = join(attemptFolder(context, id, attempt), one.path);
        if (!deleted.has(path)) await look(path, one.sha256, `${one.name} of run ${id}`);
      }
    }
  }
  for await (const { sha256, size, keptAt } of context.blobs.list()) {
    if (named.has(sha256) || keptAt > context.now() - YOUNG_MS) continue;
    checked.unnamed.count += 1;
    checked.unnamed.bytes += size;
  }
  return checked;
}

async function faultOf(path: string, sha256: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch {
    return "is gone";
  }
  return hash.digest("hex") === sha256 ? undefined : "is damaged";
}
