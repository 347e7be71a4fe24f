/** Every statement about attempts: the tries of a run, each by one model process. */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";

export type AttemptRow = Selectable<Tables["attempts"]>;

export async function insertAttempt(
  db: Db,
  attempt: { runId: string; number: number; processId: string; at: string },
): Promise<void> {
  await db
    .insertInto("attempts")
    .values({ run_id: attempt.runId, number: attempt.number, process_id: attempt.processId, started_at: attempt.at })
    .execute();
}

export async function listAttempts(db: Db, runId: string): Promise<AttemptRow[]> {
  return db.selectFrom("attempts").selectAll().where("run_id", "=", runId).orderBy("number").execute();
}

/** The newest training state that any attempt of this run has written. */
export async function findNewestState(
  db: Db,
  runId: string,
): Promise<{ attempt: number; path: string; step: number } | undefined> {
  const row = await db
    .selectFrom("attempts")
    .select(["number", "state_path", "state_step"])
    .where("run_id", "=", runId)
    .where("state_step", "is not", null)
    .orderBy("state_step", "desc")
    .orderBy("number", "desc")
    .executeTakeFirst();
  if (row === undefined || row.state_path === null || row.state_step === null) return undefined;
  return { attempt: row.number, path: row.state_path, step: row.state_step };
}

export async function updateAttemptState(
  db: Db,
  runId: string,
  number: number,
  state: { path: string; step: number },
): Promise<void> {
  await db
    .updateTable("attempts")
    .set({ state_path: state.path, state_step: state.step })
    .where("run_id", "=", runId)
    .where("number", "=", number)
    .execute();
}

export async function endAttempt(
  db: Db,
  runId: string,
  number: number,
  outcome: NonNullable<AttemptRow["outcome"]>,
  at: string,
): Promise<void> {
  await db
    .updateTable("attempts")
    .set({ outcome, ended_at: at })
    .where("run_id", "=", runId)
    .where("number", "=", number)
    .where("ended_at", "is", null)
    .execute();
}

/** Whether the attempt ended by its own word: then all that its process wrote is committed. */
export async function hasLastWord(db: Db, runId: string, number: number): Promise<boolean> {
  const row = await db
    .selectFrom("attempts")
    .select("outcome")
    .where("run_id", "=", runId)
    .where("number", "=", number)
    .executeTakeFirst();
  return row !== undefined && row.outcome !== null && row.outcome !== "lost";
}
