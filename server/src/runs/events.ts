/** Every statement about events: what model processes reported, and what the server itself said (attempt 0). */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";

export type EventRow = Selectable<Tables["events"]>;

/** The last event of an attempt that is committed; 0 when there is none. */
export async function findLastSeq(db: Db, runId: string, attempt: number): Promise<number> {
  const row = await db
    .selectFrom("events")
    .select((eb) => eb.fn.max("seq").as("seq"))
    .where("run_id", "=", runId)
    .where("attempt", "=", attempt)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** How many attempts have said anything: one that its process died over unbegun is no try. */
export async function countBegunAttempts(db: Db, runId: string): Promise<number> {
  const row = await db
    .selectFrom("events")
    .select((eb) => eb.fn.count<number>("attempt").distinct().as("count"))
    .where("run_id", "=", runId)
    .where("attempt", ">", 0)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Appends in order; the run-wide numbers follow on from the last. Call inside the transaction of the effects. */
export async function insertEvents(
  db: Db,
  runId: string,
  events: Omit<EventRow, "run_id" | "number">[],
): Promise<void> {
  if (events.length === 0) return;
  const last = await db
    .selectFrom("events")
    .select((eb) => eb.fn.max("number").as("number"))
    .where("run_id", "=", runId)
    .executeTakeFirst();
  const first = (last?.number ?? 0) + 1;
  const rows = events.map((event, index) => ({ ...event, run_id: runId, number: first + index }));
  // SQLite takes 32,766 bound values a statement.
  for (let start = 0; start < rows.length; start += 1000) {
    await db
      .insertInto("events")
      .values(rows.slice(start, start + 1000))
      .execute();
  }
}

/** The server speaking in a run's log. */
export async function insertServerLog(db: Db, runId: string, text: string, at: string): Promise<void> {
  await insertServerEvent(db, runId, "log", { text }, at);
}

/** What the server itself does for a run, such as fetching its files. */
export async function insertServerStage(
  db: Db,
  runId: string,
  stage: { name: string; done?: number; total?: number },
  at: string,
): Promise<void> {
  await insertServerEvent(db, runId, "stage", stage, at);
}

async function insertServerEvent(db: Db, runId: string, type: string, body: object, at: string): Promise<void> {
  const seq = (await findLastSeq(db, runId, 0)) + 1;
  await insertEvents(db, runId, [{ attempt: 0, seq, type, at, body: JSON.stringify(body) }]);
}

export async function listEvents(db: Db, runId: string, after: number, limit: number): Promise<EventRow[]> {
  return db
    .selectFrom("events")
    .selectAll()
    .where("run_id", "=", runId)
    .where("number", ">", after)
    .orderBy("number")
    .limit(limit)
    .execute();
}

export async function listEventsOfTypes(db: Db, runId: string, types: string[]): Promise<EventRow[]> {
  return db
    .selectFrom("events")
    .selectAll()
    .where("run_id", "=", runId)
    .where("type", "in", types)
    .orderBy("number")
    .execute();
}

/** The run's log goes with them. */
export async function deleteEvents(db: Db, runId: string): Promise<void> {
  await db.deleteFrom("events").where("run_id", "=", runId).execute();
}

/** Log events, newest first, so that the reader can stop when it has enough. */
export async function listLogsBackwards(db: Db, runId: string, before: number, limit: number): Promise<EventRow[]> {
  return db
    .selectFrom("events")
    .selectAll()
    .where("run_id", "=", runId)
    .where("type", "=", "log")
    .where("number", "<", before)
    .orderBy("number", "desc")
    .limit(limit)
    .execute();
}
