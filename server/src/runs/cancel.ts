/** The wishes that a person can have about a run. A run that waits ends at once; one that is processing ends by its holder. */
import { type Context, timestamp } from "../context.ts";
import { announceEnd } from "../webhooks/outbox.ts";
import { endWaitingRun, findRun, type RunRow, updateRunWish } from "./store.ts";

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
  await updateRunWish(context.db, run.id, "keep_asked_at", timestamp(context));
  context.watch.poke("queue");
  return (await findRun(context.db, run.id)) ?? run;
}
