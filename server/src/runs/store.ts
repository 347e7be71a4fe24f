/**
 * Every statement about the table of runs. A move from one status to another is one guarded statement: it names the
 * attempt it believes in and gives undefined when that belief is out of date, so that an old attempt can write nothing.
 */
import type { Insertable, Selectable, Updateable } from "kysely";
import { type Cursor, type Db, isBehind, type RunKind, type Tables } from "../db.ts";

export type RunRow = Selectable<Tables["runs"]>;

/** The attempt that a write speaks for. */
export interface Holder {
  runId: string;
  attempt: number;
  processId: string;
}

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

/** Enough for every process there can be; whoever waits behind so many is not next. */
const WAITING_SEEN_MAX = 200;

/** The head of the queue: runs that wait for a model process and have their files, oldest first, with what they need loaded. */
export async function listWaitingRuns(
  db: Db,
): Promise<
  (Pick<RunRow, "id" | "kind" | "attempt" | "cancel_asked_at" | "deployment"> &
    Pick<Selectable<Tables["versions"]>, "program" | "base" | "needs" | "weights_sha256"> & { whole: string | null })[]
> {
  return db
    .selectFrom("runs")
    .innerJoin("versions", "versions.id", "runs.version_id")
    .select(["runs.id", "runs.kind", "runs.attempt", "runs.cancel_asked_at", "runs.deployment"])
    .select(["versions.program", "versions.base", "versions.needs", "versions.weights_sha256"])
    .select((from) =>
      from
        .case()
        .when("versions.replaces_base", "=", 1)
        .then(from.ref("versions.weights_sha256"))
        .else(null)
        .end()
        .as("whole"),
    )
    .where("runs.status", "=", "starting")
    .where("runs.fetches", "is", null)
    .orderBy("runs.created_at")
    .orderBy("runs.id")
    .limit(WAITING_SEEN_MAX)
    .execute();
}

/** Runs that wait for files from elsewhere, oldest first. */
export async function listFetchingRuns(db: Db): Promise<RunRow[]> {
  return db
    .selectFrom("runs")
    .selectAll()
    .where("fetches", "is not", null)
    .where("status", "=", "starting")
    .orderBy("created_at")
    .execute();
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

/** How many runs stand before this one in the queue. */
export async function countRunsAhead(db: Db, run: RunRow): Promise<number> {
  const row = await db
    .selectFrom("runs")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("status", "=", "starting")
    .where("created_at", "<", run.created_at)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** How many there are of each kind in each status. */
export async function countRuns(db: Db): Promise<{ kind: RunKind; status: RunRow["status"]; count: number }[]> {
  return db
    .selectFrom("runs")
    .select((eb) => ["kind", "status", eb.fn.countAll<number>().as("count")])
    .groupBy(["kind", "status"])
    .execute();
}

/** When the run at the head of the queue was created. */
export async function findOldestWaitingAt(db: Db): Promise<string | undefined> {
  const query = db.selectFrom("runs").select("created_at").where("status", "=", "starting").orderBy("created_at");
  return (await query.executeTakeFirst())?.created_at;
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

/** At the server's start: whoever held a run while the server was away gets the whole lease to report again. */
export async function renewEveryLease(db: Db, leaseEndsAt: number): Promise<void> {
  await db.updateTable("runs").set({ lease_ends_at: leaseEndsAt }).where("status", "=", "processing").execute();
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
