/** The queue, which is the runs in status starting: who waits for a model process, and who for files. */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";
import type { RunRow } from "./store.ts";

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

/** When the run at the head of the queue was created. */
export async function findOldestWaitingAt(db: Db): Promise<string | undefined> {
  const query = db.selectFrom("runs").select("created_at").where("status", "=", "starting").orderBy("created_at");
  return (await query.executeTakeFirst())?.created_at;
}
