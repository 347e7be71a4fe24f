/** Every statement about accounts and their API tokens. */
import type { Insertable, Selectable } from "kysely";
import { RESERVED_ACCOUNTS } from "../config.ts";
import { type Cursor, type Db, isBehind, type Tables } from "../db.ts";

export type TokenRow = Selectable<Tables["tokens"]>;

/** False when there is an account of that name already. */
export async function insertAccount(db: Db, name: string, at: string): Promise<boolean> {
  const result = await db
    .insertInto("accounts")
    .values({ name, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1;
}

/** One that somebody has: the owners of Easel's own models are nobody. */
export async function findAccount(db: Db, name: string): Promise<Tables["accounts"] | undefined> {
  return peopleOf(db).where("name", "=", name).executeTakeFirst();
}

export async function listAccounts(db: Db): Promise<Tables["accounts"][]> {
  return peopleOf(db).orderBy("created_at").orderBy("name").execute();
}

function peopleOf(db: Db) {
  return db.selectFrom("accounts").selectAll().where("name", "not in", RESERVED_ACCOUNTS);
}

export async function insertToken(db: Db, token: Insertable<Tables["tokens"]>): Promise<void> {
  await db.insertInto("tokens").values(token).execute();
}

/** Also one that has expired or was revoked: whoever holds it may be told so. */
export async function findToken(db: Db, hash: string): Promise<TokenRow | undefined> {
  return db.selectFrom("tokens").selectAll().where("hash", "=", hash).executeTakeFirst();
}

/** Newest first, without the revoked. */
export async function listTokens(
  db: Db,
  filter: { account: string; before: Cursor | undefined; limit: number },
): Promise<TokenRow[]> {
  let query = db.selectFrom("tokens").selectAll().where("account", "=", filter.account).where("revoked_at", "is", null);
  if (filter.before !== undefined) query = query.where(isBehind(filter.before));
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

/** False when the account has no such token, or has revoked it already. */
export async function updateTokenRevoked(db: Db, account: string, id: string, at: string): Promise<boolean> {
  const result = await db
    .updateTable("tokens")
    .set({ revoked_at: at })
    .where("id", "=", id)
    .where("account", "=", account)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function updateTokenUsed(db: Db, id: string, at: string): Promise<void> {
  await db.updateTable("tokens").set({ last_used_at: at }).where("id", "=", id).execute();
}
