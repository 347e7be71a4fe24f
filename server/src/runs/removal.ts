/**
 * What a prediction was given and has made is forgotten when its time is over: inputs, outputs, log, events and files.
 * The row stays. Trainings, what was asked for on the web page, and examples are kept.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { RunInput, valueAt } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import { type Db, withErasure } from "../db.ts";
import { deleteFile, findFile } from "../files/store.ts";
import { listReferences } from "../space/references.ts";
import { deleteDeliveriesOfRun } from "../webhooks/store.ts";
import { RunFiles } from "./claim.ts";
import { deleteEvents } from "./events.ts";
import { encodeOutput } from "./output.ts";
import { listRemovableRuns, type RunRow, updateRunDataRemoved } from "./store.ts";

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
    for (const run of due) await removeFolder(context, run);
    await removeInputs(context, due);
    await withErasure(context.db, async (tx) => {
      for (const run of due) await removeRows(tx, run, timestamp(context));
    });
    for (const run of due) context.watch.poke(run.id);
    count += due.length;
  }
  return count;
}

/** Files and blobs go first: after a crash in between, the run is still due, and comes up again. */
async function removeFolder(context: Context, run: RunRow): Promise<void> {
  await rm(join(context.config.dataFolder, "runs", run.id), { recursive: true, force: true });
}

/** The bytes that they were given, where nothing else names them. */
async function removeInputs(context: Context, runs: RunRow[]): Promise<void> {
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
  if (given.size === 0) return;
  const named = await listReferences(db, now(), going);
  for (const sha256 of given) if (!named.has(sha256)) await blobs.removeOlder(sha256, now() - YOUNG_MS);
}

async function removeRows(tx: Db, run: RunRow, at: string): Promise<void> {
  for (const id of storedInputs(run)) await deleteFile(tx, run.account, id);
  await deleteEvents(tx, run.id);
  await deleteDeliveriesOfRun(tx, run.id);
  const output = run.output === null ? null : encodeOutput({ kind: "value", value: null });
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
