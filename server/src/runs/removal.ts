/**
 * What a run was given and has made is forgotten: inputs, outputs, log, events and files. The row stays, and so does what a
 * training has published. It happens to predictions by the API when their time is over, but not to examples, and to whatever
 * run its owner deletes.
 */
import { link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RunInput, valueAt } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import { type Db, withErasure } from "../db.ts";
import { bytesOf } from "../files/folder-size.ts";
import { deleteFile, findFile } from "../files/store.ts";
import { listReferences } from "../space/references.ts";
import { deleteDeliveriesOfRun } from "../webhooks/store.ts";
import { attemptFolder } from "./attempt-folder.ts";
import { RunFiles } from "./claim.ts";
import { listRemovableRuns, updateRunDataRemoved } from "./due.ts";
import { deleteEvents } from "./events.ts";
import { decodeOutput, encodeOutput } from "./output.ts";
import type { RunRow } from "./store.ts";

const RUNS_AT_ONCE = 50;
/**
 * A blob that came or was asked for since may be on its way into a row, which takes moments; R11 gives removal ten minutes.
 * One that no row gets to name is left to gc.
 */
const YOUNG_MS = 5 * 60 * 1000;

/** Removes what is due by now, and says of how many runs. */
export async function removeDueData(context: Context): Promise<number> {
  const { retentionSeconds } = context.config;
  if (retentionSeconds === undefined) return 0;
  const before = new Date(context.now() - Math.max(retentionSeconds * 1000, YOUNG_MS)).toISOString();
  let count = 0;
  while (!context.stopping.aborted) {
    const due = await listRemovableRuns(context.db, before, RUNS_AT_ONCE);
    if (due.length === 0) break;
    await removeData(context, due);
    count += due.length;
  }
  return count;
}

/**
 * Of runs that have ended. Gives how many bytes that frees at once; younger blobs are left to gc. Files and blobs go first:
 * after a crash in between, a run is still due, and comes up again.
 */
export async function removeData(context: Context, runs: RunRow[]): Promise<number> {
  let bytes = 0;
  for (const run of runs) bytes += await removeFolder(context, run);
  bytes += await removeInputs(context, runs);
  await withErasure(context.db, async (tx) => {
    for (const run of runs) await removeRows(tx, run, timestamp(context));
  });
  for (const run of runs) context.watch.poke(run.id);
  return bytes;
}

async function removeFolder(context: Context, run: RunRow): Promise<number> {
  const folder = join(context.config.dataFolder, "runs", run.id);
  const bytes = await bytesOf(folder);
  await rm(folder, { recursive: true, force: true });
  await linkPublished(context, run);
  return bytes ?? 0;
}

/** The training's own link to what it has published stays good where that costs nothing: the bytes are the blob's. */
async function linkPublished(context: Context, run: RunRow): Promise<void> {
  const output = decodeOutput(run.output);
  if (output?.kind !== "version" || !(await context.blobs.has(output.weights.sha256))) return;
  const path = join(attemptFolder(context, run.id, output.attempt), output.weights.path);
  await mkdir(dirname(path), { recursive: true });
  await link(context.blobs.path(output.weights.sha256), path).catch(() => undefined);
}

/** The bytes that they were given, where nothing else names them. */
async function removeInputs(context: Context, runs: RunRow[]): Promise<number> {
  const { db, blobs, now } = context;
  const going = new Set<string>();
  const given = new Set<string>();
  for (const run of runs) {
    going.add(run.id);
    for (const { sha256 } of Object.values(filesOf(run))) given.add(sha256);
    for (const id of storedInputs(run)) {
      going.add(id);
      const file = await findFile(db, run.account, id);
      if (file !== undefined) given.add(file.sha256);
    }
  }
  if (given.size === 0) return 0;
  const named = await listReferences(db, now(), going);
  let bytes = 0;
  for (const sha256 of given) {
    if (named.has(sha256)) continue;
    const size = await blobs.size(sha256);
    if (await blobs.removeOlder(sha256, now() - YOUNG_MS)) bytes += size;
  }
  return bytes;
}

async function removeRows(tx: Db, run: RunRow, at: string): Promise<void> {
  for (const id of storedInputs(run)) await deleteFile(tx, run.account, id);
  await deleteEvents(tx, run.id);
  await deleteDeliveriesOfRun(tx, run.id);
  const isPublished = decodeOutput(run.output)?.kind === "version";
  const output = run.output === null || isPublished ? run.output : encodeOutput({ kind: "value", value: null });
  await updateRunDataRemoved(tx, run.id, { output, at });
}

/** The files that were made of data: URIs among the inputs: nobody else knows them. */
function storedInputs(run: RunRow): string[] {
  const input = RunInput.parse(JSON.parse(run.input));
  return Object.keys(filesOf(run)).flatMap((place) => {
    const value = valueAt(input, place);
    const id = typeof value === "string" ? /^\/v1\/files\/([\w-]+)$/.exec(value)?.[1] : undefined;
    return id === undefined ? [] : [id];
  });
}

function filesOf(run: RunRow): RunFiles {
  return RunFiles.parse(JSON.parse(run.files));
}
