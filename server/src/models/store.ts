/** Every statement about models. */
import type { Insertable, Selectable } from "kysely";
import { type Cursor, type Db, isBehind, type Tables } from "../db.ts";

export type ModelRow = Selectable<Tables["models"]>;

/** A model that this account may see: its own, or a public one. */
export async function findVisibleModel(
  db: Db,
  account: string,
  owner: string,
  name: string,
): Promise<ModelRow | undefined> {
  return db
    .selectFrom("models")
    .selectAll()
    .where("owner", "=", owner)
    .where("name", "=", name)
    .where((row) => row.or([row("owner", "=", account), row("visibility", "=", "public")]))
    .executeTakeFirst();
}

export async function findModel(db: Db, id: string): Promise<ModelRow | undefined> {
  return db.selectFrom("models").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Newest first. */
export async function listVisibleModels(
  db: Db,
  filter: { account: string; before: Cursor | undefined; limit: number },
): Promise<ModelRow[]> {
  let query = db
    .selectFrom("models")
    .selectAll()
    .where((row) => row.or([row("owner", "=", filter.account), row("visibility", "=", "public")]));
  if (filter.before !== undefined) query = query.where(isBehind(filter.before));
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

/** False when the owner has a model of that name already. */
export async function insertModel(db: Db, model: Insertable<Tables["models"]>): Promise<boolean> {
  const result = await db
    .insertInto("models")
    .values(model)
    .onConflict((conflict) => conflict.columns(["owner", "name"]).doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1;
}
