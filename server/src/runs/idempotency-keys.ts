/** Every statement about the keys by which clients name their creates. */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";
import type { RunRow } from "./store.ts";

/** The run that the key has stood for since then. */
export async function findRunOfKey(
  db: Db,
  { account, key, since }: { account: string; key: string; since: string },
): Promise<RunRow | undefined> {
  return db
    .selectFrom("idempotency_keys")
    .innerJoin("runs", "runs.id", "idempotency_keys.run_id")
    .selectAll("runs")
    .where("idempotency_keys.account", "=", account)
    .where("idempotency_keys.key", "=", key)
    .where("idempotency_keys.created_at", ">", since)
    .executeTakeFirst();
}

/** From now on the key stands for this run, whatever it stood for before. */
export async function upsertIdempotencyKey(db: Db, row: Selectable<Tables["idempotency_keys"]>): Promise<void> {
  const { run_id, created_at } = row;
  await db
    .insertInto("idempotency_keys")
    .values(row)
    .onConflict((conflict) => conflict.columns(["account", "key"]).doUpdateSet({ run_id, created_at }))
    .execute();
}

export async function deleteIdempotencyKeys(db: Db, before: string): Promise<void> {
  await db.deleteFrom("idempotency_keys").where("created_at", "<=", before).execute();
}
