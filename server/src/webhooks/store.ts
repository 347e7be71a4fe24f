/** Every statement about webhook deliveries. Knows nothing of HTTP, and not what a message says. */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";

export type DeliveryRow = Selectable<Tables["webhook_deliveries"]>;
type NewDelivery = Pick<DeliveryRow, "id" | "run_id" | "event" | "url" | "host" | "body" | "created_at"> & {
  next_attempt_at: number;
};

/** Does nothing where an output or logs message of this run is still to be sent: that one will tell of all. */
export async function insertDelivery(db: Db, delivery: NewDelivery): Promise<void> {
  await db
    .insertInto("webhook_deliveries")
    .values(delivery)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** What was not sent before the run ended is never sent after it. */
export async function deleteUnsentDeliveries(db: Db, runId: string): Promise<void> {
  await db
    .deleteFrom("webhook_deliveries")
    .where("run_id", "=", runId)
    .where("event", "in", ["output", "logs"])
    .where("state", "=", "waiting")
    .where("attempts", "=", 0)
    .execute();
}

export async function deleteDelivery(db: Db, number: number): Promise<void> {
  await db.deleteFrom("webhook_deliveries").where("number", "=", number).execute();
}

export async function deleteDeliveriesOfRun(db: Db, runId: string): Promise<void> {
  await db.deleteFrom("webhook_deliveries").where("run_id", "=", runId).execute();
}

/** When this event of this run was last sent, in milliseconds since 1970; 0 where it was not. */
export async function findLastAttemptAt(db: Db, runId: string, event: DeliveryRow["event"]): Promise<number> {
  const row = await db
    .selectFrom("webhook_deliveries")
    .select((eb) => eb.fn.max("last_attempt_at").as("at"))
    .where("run_id", "=", runId)
    .where("event", "=", event)
    .executeTakeFirst();
  return row?.at ?? 0;
}

/**
 * Messages whose time has come, oldest first: of each run the first one only, and none of runs and hosts that are busy.
 * One that waits for its next attempt holds up the later ones of its run; one that is held back by the throttle does not.
 */
export async function listDueDeliveries(
  db: Db,
  { now, busyRuns, busyHosts, limit }: { now: number; busyRuns: string[]; busyHosts: string[]; limit: number },
): Promise<Pick<DeliveryRow, "number" | "run_id" | "host">[]> {
  let query = db
    .selectFrom("webhook_deliveries as later")
    .select(["later.number", "later.run_id", "later.host"])
    .where("later.state", "=", "waiting")
    .where("later.next_attempt_at", "<=", now)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("webhook_deliveries as earlier")
            .select("earlier.number")
            .whereRef("earlier.run_id", "=", "later.run_id")
            .whereRef("earlier.number", "<", "later.number")
            .where("earlier.state", "=", "waiting")
            .where((row) => row.or([row("earlier.next_attempt_at", "<=", now), row("earlier.attempts", ">", 0)])),
        ),
      ),
    );
  if (busyRuns.length > 0) query = query.where("later.run_id", "not in", busyRuns);
  if (busyHosts.length > 0) query = query.where("later.host", "not in", busyHosts);
  return query.orderBy("later.next_attempt_at").orderBy("later.number").limit(limit).execute();
}

/** When the next message's time comes, of those for which it has not; undefined when there is none. */
export async function findNextAttemptAt(db: Db, now: number): Promise<number | undefined> {
  const row = await db
    .selectFrom("webhook_deliveries")
    .select((eb) => eb.fn.min("next_attempt_at").as("at"))
    .where("state", "=", "waiting")
    .where("next_attempt_at", ">", now)
    .executeTakeFirst();
  return row?.at ?? undefined;
}

/** A message that waits; undefined when it does no longer. */
export async function findWaitingDelivery(db: Db, number: number): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom("webhook_deliveries")
    .selectAll()
    .where("number", "=", number)
    .where("state", "=", "waiting")
    .executeTakeFirst();
}

/** An attempt begins. `isOnlyOne` counts it now, so that a server that dies meanwhile does not make it again. */
export async function updateDeliverySent(db: Db, number: number, at: number, isOnlyOne: boolean): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set({
      last_attempt_at: at,
      last_status: null,
      last_error: null,
      last_reply: null,
      last_ms: null,
      ...(isOnlyOne ? { attempts: 1 } : {}),
    })
    .where("number", "=", number)
    .execute();
}

/** How an attempt went, and what follows from it. */
export interface Settled {
  state: DeliveryRow["state"];
  attempts: number;
  next_attempt_at: number | null;
  delivered_at: string | null;
  last_status: number | null;
  last_error: string | null;
  last_reply: string | null;
  last_ms: number;
}

export async function updateDeliverySettled(db: Db, number: number, settled: Settled): Promise<void> {
  await db.updateTable("webhook_deliveries").set(settled).where("number", "=", number).execute();
}

/** At the server's start: what is sent only once, and was on its way when the server ended. */
export async function failCutOffDeliveries(db: Db, error: string): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set({ state: "failed", next_attempt_at: null, last_error: error })
    .where("state", "=", "waiting")
    .where("attempts", ">", 0)
    .where("event", "<>", "completed")
    .execute();
}

/** The account's messages, newest first. `before` is the last row of the page before. Bodies are left out. */
export async function listOwnDeliveries(
  db: Db,
  { account, before, limit }: { account: string; before: { id: string } | undefined; limit: number },
): Promise<Omit<DeliveryRow, "body" | "number">[]> {
  let query = ownDeliveries(db, account);
  if (before !== undefined) {
    const { id } = before;
    query = query.where("delivery.number", "<", ({ selectFrom }) =>
      selectFrom("webhook_deliveries as last").select("last.number").where("last.id", "=", id),
    );
  }
  return query.orderBy("delivery.number", "desc").limit(limit).execute();
}

/** A message about a run of this account, whole. */
export async function findOwnDelivery(
  db: Db,
  account: string,
  id: string,
): Promise<Omit<DeliveryRow, "number"> | undefined> {
  return ownDeliveries(db, account).select("delivery.body").where("delivery.id", "=", id).executeTakeFirst();
}

/** Puts a message back among those that wait, as if it had never been tried. */
export async function updateDeliveryAgain(db: Db, id: string, at: number): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set({ state: "waiting", attempts: 0, next_attempt_at: at, delivered_at: null })
    .where("id", "=", id)
    .execute();
}

function ownDeliveries(db: Db, account: string) {
  return db
    .selectFrom("webhook_deliveries as delivery")
    .innerJoin("runs", "runs.id", "delivery.run_id")
    .where("runs.account", "=", account)
    .select([
      "delivery.id",
      "delivery.run_id",
      "delivery.event",
      "delivery.url",
      "delivery.host",
      "delivery.state",
      "delivery.attempts",
      "delivery.next_attempt_at",
      "delivery.last_attempt_at",
      "delivery.last_status",
      "delivery.last_error",
      "delivery.last_reply",
      "delivery.last_ms",
      "delivery.delivered_at",
      "delivery.created_at",
    ]);
}

/** Messages that are to be sent, or sent again. */
export async function countWaitingDeliveries(db: Db): Promise<number> {
  const row = await db
    .selectFrom("webhook_deliveries")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("state", "=", "waiting")
    .executeTakeFirstOrThrow();
  return row.count;
}
