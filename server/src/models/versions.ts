/** Every statement about versions. A version is immutable: there is no update here. */
import type { Insertable, Selectable } from "kysely";
import { type Cursor, type Db, isBehind, type Tables } from "../db.ts";
import { parseSchema, type VersionSchema } from "./schema.ts";

export type VersionRow = Selectable<Tables["versions"]>;

export async function findVersion(db: Db, id: string): Promise<VersionRow | undefined> {
  return db.selectFrom("versions").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Throws when the version is not there: runs hold a reference to theirs. */
export async function findVersionSchema(db: Db, id: string): Promise<VersionSchema> {
  const row = await db.selectFrom("versions").select("schema").where("id", "=", id).executeTakeFirstOrThrow();
  return parseSchema(row.schema);
}

export async function findLatestVersion(db: Db, modelId: string): Promise<VersionRow | undefined> {
  return db
    .selectFrom("versions")
    .selectAll()
    .where("model_id", "=", modelId)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .executeTakeFirst();
}

/** Newest first. */
export async function listVersions(
  db: Db,
  filter: { modelId: string; before: Cursor | undefined; limit: number },
): Promise<VersionRow[]> {
  let query = db.selectFrom("versions").selectAll().where("model_id", "=", filter.modelId);
  if (filter.before !== undefined) query = query.where(isBehind(filter.before));
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

export async function insertVersion(db: Db, version: Insertable<Tables["versions"]>): Promise<void> {
  await db.insertInto("versions").values(version).execute();
}

/** A built-in version is a constant; at each start its schema follows the checkout. */
export async function upsertBuiltinVersion(db: Db, version: Insertable<Tables["versions"]>): Promise<void> {
  await db
    .insertInto("versions")
    .values(version)
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet({ schema: version.schema, program: version.program, base: version.base }),
    )
    .execute();
}
