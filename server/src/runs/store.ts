/** Every statement that makes, finds, lists and counts runs. What moves them is in moves.ts. */
import type { Insertable, Selectable } from "kysely";
import { type Cursor, type Db, isBehind, type RunKind, type Tables } from "../db.ts";

export type RunRow = Selectable<Tables["runs"]>;

export async function insertRun(db: Db, run: Insertable<Tables["runs"]>): Promise<RunRow> {
  return db.insertInto("runs").values(run).returningAll().executeTakeFirstOrThrow();
}

export async function findRun(db: Db, id: string): Promise<RunRow | undefined> {
  return db.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirst();
}

/** A run of this account; someone else's is as absent as one that never was. */
export async function findOwnRun(db: Db, account: string, id: string): Promise<RunRow | undefined> {
  return db.selectFrom("runs").selectAll().where("id", "=", id).where("account", "=", account).executeTakeFirst();
}

/** Newest first. `before` is the last row of the page before. */
export async function listRuns(
  db: Db,
  filter: {
    account: string;
    kind: RunKind;
    before: Cursor | undefined;
    limit: number;
    /** Times as they are stored; both ends are left out. */
    createdAfter?: string | undefined;
    createdBefore?: string | undefined;
    source?: "api" | "web" | undefined;
  },
): Promise<RunRow[]> {
  const { createdAfter, createdBefore, source } = filter;
  let query = db.selectFrom("runs").selectAll().where("account", "=", filter.account).where("kind", "=", filter.kind);
  if (createdAfter !== undefined) query = query.where("created_at", ">", createdAfter);
  if (createdBefore !== undefined) query = query.where("created_at", "<", createdBefore);
  if (source !== undefined) query = query.where("source", "=", source);
  if (filter.before !== undefined) query = query.where(isBehind(filter.before));
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

/** How many there are of each kind in each status. */
export async function countRuns(db: Db): Promise<{ kind: RunKind; status: RunRow["status"]; count: number }[]> {
  return db
    .selectFrom("runs")
    .select((eb) => ["kind", "status", eb.fn.countAll<number>().as("count")])
    .groupBy(["kind", "status"])
    .execute();
}

/** An equal create that was never answered, so that a client that lost its connection does not run twice. */
export async function findUnansweredRun(db: Db, createHash: string, createdAfter: string): Promise<RunRow | undefined> {
  return db
    .selectFrom("runs")
    .selectAll()
    .where("create_hash", "=", createHash)
    .where("answered_at", "is", null)
    .where("created_at", ">=", createdAfter)
    .orderBy("created_at")
    .executeTakeFirst();
}

export async function updateRunAnswered(db: Db, id: string, at: string): Promise<void> {
  await db.updateTable("runs").set({ answered_at: at }).where("id", "=", id).execute();
}

export async function countRunsOfModels(db: Db, modelIds: string[]): Promise<Map<string, number>> {
  if (modelIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("runs")
    .innerJoin("versions", "versions.id", "runs.version_id")
    .select((eb) => ["versions.model_id", eb.fn.countAll<number>().as("count")])
    .where("versions.model_id", "in", modelIds)
    .where("runs.kind", "=", "prediction")
    .groupBy("versions.model_id")
    .execute();
  return new Map(rows.map((row) => [row.model_id, row.count]));
}

/** The files that runs were given, as JSON by input name. */
export async function listInputFiles(db: Db): Promise<{ id: string; files: string }[]> {
  return db.selectFrom("runs").select(["id", "files"]).where("files", "<>", "{}").execute();
}

/** The ids of runs that have ended, and of those that have not. */
export async function listRunIds(db: Db): Promise<{ id: string; completed_at: string | null }[]> {
  return db.selectFrom("runs").select(["id", "completed_at"]).execute();
}
