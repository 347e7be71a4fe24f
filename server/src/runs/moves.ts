/**
 * How a run goes from one status to another, and what is wished of it. Each move is one guarded statement: it names the
 * attempt it believes in and gives undefined when that belief is out of date, so that an old attempt can write nothing.
 */
import type { Updateable } from "kysely";
import type { Db, Tables } from "../db.ts";
import type { RunRow } from "./store.ts";

/** The attempt that a write speaks for. */
export interface Holder {
  runId: string;
  attempt: number;
  processId: string;
}

/** All files are there: the run may go to a model process. Undefined: it has ended meanwhile. */
export async function updateRunFetched(db: Db, id: string, files: string): Promise<RunRow | undefined> {
  return db
    .updateTable("runs")
    .set({ files, fetches: null })
    .where("id", "=", id)
    .where("status", "=", "starting")
    .returningAll()
    .executeTakeFirst();
}

/** starting → processing, attempt + 1. Undefined: someone else has it, or it is over. */
export async function claimRun(
  db: Db,
  claim: { runId: string; processId: string; leaseEndsAt: number; at: string },
): Promise<RunRow | undefined> {
  return db
    .updateTable("runs")
    .set((row) => ({
      status: "processing",
      attempt: row("attempt", "+", 1),
      process_id: claim.processId,
      lease_ends_at: claim.leaseEndsAt,
      // What an earlier attempt had given is not this one's.
      output: null,
      started_at: row.fn.coalesce("started_at", row.val(claim.at)),
    }))
    .where("id", "=", claim.runId)
    .where("status", "=", "starting")
    .where("fetches", "is", null)
    .where("cancel_asked_at", "is", null)
    .returningAll()
    .executeTakeFirst();
}

/** Renews the lease of a living attempt and stores what it reported. Undefined: the attempt is over. */
export async function updateHeldRun(
  db: Db,
  holder: Holder,
  change: Updateable<Tables["runs"]>,
): Promise<RunRow | undefined> {
  return db
    .updateTable("runs")
    .set(change)
    .where("id", "=", holder.runId)
    .where("attempt", "=", holder.attempt)
    .where("process_id", "=", holder.processId)
    .where("status", "=", "processing")
    .returningAll()
    .executeTakeFirst();
}

/** processing → an end, or back to starting when the attempt was lost. */
export async function releaseRun(
  db: Db,
  holder: Holder,
  end:
    | { status: "succeeded" | "canceled"; completed_at: string; seconds?: number; output?: string }
    | { status: "failed"; completed_at: string; error: string; error_code: string; seconds?: number }
    | { status: "starting" },
): Promise<RunRow | undefined> {
  return updateHeldRun(db, holder, { ...end, process_id: null, lease_ends_at: null });
}

/** starting → canceled or failed: a run that no process ever took, or took and lost. */
export async function endWaitingRun(
  db: Db,
  id: string,
  end:
    | { status: "canceled"; completed_at: string }
    | { status: "failed"; completed_at: string; error: string; error_code: string },
): Promise<RunRow | undefined> {
  return db
    .updateTable("runs")
    .set(end)
    .where("id", "=", id)
    .where("status", "=", "starting")
    .returningAll()
    .executeTakeFirst();
}

/**
 * Records a wish about a run that has not ended; only the holder of the lease ends one that is processing.
 * The first wish's time is kept.
 */
export async function updateRunWish(
  db: Db,
  id: string,
  wish: "cancel_asked_at" | "keep_asked_at" | "state_asked_at",
  at: string,
): Promise<void> {
  await db
    .updateTable("runs")
    .set({ [wish]: at })
    .where("id", "=", id)
    .where("completed_at", "is", null)
    .where(wish, "is", null)
    .execute();
}
