/** The wishes that a person can have about a run. A run that waits ends at once; one that is processing ends by its holder. */
import { type Context, timestamp } from "../context.ts";
import { announceEnd } from "../webhooks/outbox.ts";
import { endWaitingRun, updateRunWish } from "./moves.ts";
import { findRun, type RunRow } from "./store.ts";

/** Safe to repeat; a run that has ended stays as it is. */
export async function cancelRun(context: Context, run: RunRow): Promise<RunRow> {
  const at = timestamp(context);
  await context.db.transaction().execute(async (tx) => {
    await updateRunWish(tx, run.id, "cancel_asked_at", at);
    const canceled = await endWaitingRun(tx, run.id, { status: "canceled", completed_at: at });
    if (canceled !== undefined) await announceEnd(context, tx, canceled);
  });
  context.watch.poke(run.id);
  context.watch.poke("queue");
  return (await findRun(context.db, run.id)) ?? run;
}

/** Ends a training early with what it has learnt so far. */
export async function keepRun(context: Context, run: RunRow): Promise<RunRow> {
  return wish(context, run, "keep_asked_at");
}

/** Asks a training for a training state after the step under way. */
export async function saveState(context: Context, run: RunRow): Promise<RunRow> {
  return wish(context, run, "state_asked_at");
}

async function wish(context: Context, run: RunRow, what: "keep_asked_at" | "state_asked_at"): Promise<RunRow> {
  await updateRunWish(context.db, run.id, what, timestamp(context));
  context.watch.poke("queue");
  return (await findRun(context.db, run.id)) ?? run;
}
