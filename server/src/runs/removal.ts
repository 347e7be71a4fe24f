/**
 * What a prediction was given and has made is forgotten when its time is over: inputs, outputs, log, events and files.
 * The row stays. Trainings, what was asked for on the web page, and examples are kept.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { RunInput } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import { type Db, withErasure } from "../db.ts";
import { deleteFile } from "../files/store.ts";
import { deleteDeliveriesOfRun } from "../webhooks/store.ts";
import { deleteEvents } from "./events.ts";
import { encodeOutput } from "./output.ts";
import { listRemovableRuns, type RunRow, updateRunDataRemoved } from "./store.ts";

const RUNS_AT_ONCE = 50;

/** Removes what is due by now, and says of how many runs. */
export async function removeDueData(context: Context): Promise<number> {
  const { retentionSeconds } = context.config;
  if (retentionSeconds === undefined) return 0;
  const before = new Date(context.now() - retentionSeconds * 1000).toISOString();
  let count = 0;
  while (!context.stopping.aborted) {
    const due = await listRemovableRuns(context.db, before, RUNS_AT_ONCE);
    if (due.length === 0) break;
    for (const run of due) await removeFolder(context, run);
    await withErasure(context.db, async (tx) => {
      for (const run of due) await removeRows(tx, run, timestamp(context));
    });
    for (const run of due) context.watch.poke(run.id);
    count += due.length;
  }
  return count;
}

/** Files go first: after a crash in between, the run is still due, and comes up again. */
async function removeFolder(context: Context, run: RunRow): Promise<void> {
  await rm(join(context.config.dataFolder, "runs", run.id), { recursive: true, force: true });
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
  const values = Object.values(RunInput.parse(JSON.parse(run.input)));
  return values.flatMap((value) => {
    const id = typeof value === "string" ? /^\/v1\/files\/([\w-]+)$/.exec(value)?.[1] : undefined;
    return id === undefined ? [] : [id];
  });
}
