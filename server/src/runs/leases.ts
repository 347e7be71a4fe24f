/** Runs that a model process holds, and until when. */
import type { Db } from "../db.ts";
import type { RunRow } from "./store.ts";

export async function listProcessingRuns(db: Db): Promise<RunRow[]> {
  return db.selectFrom("runs").selectAll().where("status", "=", "processing").execute();
}

/** The process gave a sign of life: everything it holds stays held. */
export async function renewLeases(db: Db, processId: string, leaseEndsAt: number): Promise<void> {
  await db
    .updateTable("runs")
    .set({ lease_ends_at: leaseEndsAt })
    .where("process_id", "=", processId)
    .where("status", "=", "processing")
    .execute();
}

/** At the server's start: whoever held a run while the server was away gets the whole lease to report again. */
export async function renewEveryLease(db: Db, leaseEndsAt: number): Promise<void> {
  await db.updateTable("runs").set({ lease_ends_at: leaseEndsAt }).where("status", "=", "processing").execute();
}
