/** Runs for which the time has come: to be canceled, or to have their data removed. */
import type { Db } from "../db.ts";
import type { RunRow } from "./store.ts";

/** Runs past their deadline that have not ended and are not asked to. */
export async function listOverdueRuns(db: Db, now: string): Promise<RunRow[]> {
  return db
    .selectFrom("runs")
    .selectAll()
    .where("deadline", "<=", now)
    .where("completed_at", "is", null)
    .where("cancel_asked_at", "is", null)
    .execute();
}

/** Predictions by the API that ended before then, whose data is still here and needed by nobody, oldest first. */
export async function listRemovableRuns(db: Db, endedBefore: string, limit: number): Promise<RunRow[]> {
  return db
    .selectFrom("runs")
    .selectAll("runs")
    .where("kind", "=", "prediction")
    .where("source", "=", "api")
    .where("data_removed_at", "is", null)
    .where("completed_at", "<=", endedBefore)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom("examples").select("run_id").whereRef("examples.run_id", "=", "runs.id"))),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("webhook_deliveries as delivery")
            .select("delivery.id")
            .whereRef("delivery.run_id", "=", "runs.id")
            .where("delivery.state", "=", "waiting"),
        ),
      ),
    )
    .orderBy("completed_at")
    .limit(limit)
    .execute();
}

/** What the run was given and has made is gone; `output` says that there was one. */
export async function updateRunDataRemoved(
  db: Db,
  id: string,
  { output, at }: { output: string | null; at: string },
): Promise<void> {
  await db
    .updateTable("runs")
    .set({ input: "{}", files: "{}", output, data_removed_at: at })
    .where("id", "=", id)
    .where("completed_at", "is not", null)
    .execute();
}
