/** Every statement about versions. A version is immutable; a deleted one keeps its row, which runs refer to. */
import type { Insertable, Selectable } from "kysely";
import { type Cursor, type Db, isBehind, type Tables } from "../db.ts";
import { parseSchema, type VersionSchema } from "./schema.ts";

export type VersionRow = Selectable<Tables["versions"]>;
export type NewVersion = Insertable<Tables["versions"]>;

export async function findVersion(db: Db, id: string): Promise<VersionRow | undefined> {
  return db.selectFrom("versions").selectAll().where("id", "=", id).where("deleted_at", "is", null).executeTakeFirst();
}

/** Also of a deleted version. Throws when there never was one: runs hold a reference to theirs. */
export async function findVersionSchema(db: Db, id: string): Promise<VersionSchema> {
  const row = await db.selectFrom("versions").select("schema").where("id", "=", id).executeTakeFirstOrThrow();
  return parseSchema(row.schema);
}

/** What a run of this version is carried out by; also of a deleted version, as above. */
export async function findVersionProgram(db: Db, id: string): Promise<{ program: string; schema: VersionSchema }> {
  const query = db.selectFrom("versions").select(["program", "schema"]).where("id", "=", id);
  const { program, schema } = await query.executeTakeFirstOrThrow();
  return { program, schema: parseSchema(schema) };
}

export async function findLatestVersion(db: Db, modelId: string): Promise<VersionRow | undefined> {
  return db
    .selectFrom("versions")
    .selectAll()
    .where("model_id", "=", modelId)
    .where("deleted_at", "is", null)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .executeTakeFirst();
}

/** Also of a deleted version. */
export async function isVersionOfModel(db: Db, id: string, modelId: string): Promise<boolean> {
  const query = db.selectFrom("versions").select("id").where("id", "=", id).where("model_id", "=", modelId);
  return (await query.executeTakeFirst()) !== undefined;
}

/** Newest first. */
export async function listVersions(
  db: Db,
  filter: { modelId: string; before: Cursor | undefined; limit: number },
): Promise<VersionRow[]> {
  let query = db
    .selectFrom("versions")
    .selectAll()
    .where("model_id", "=", filter.modelId)
    .where("deleted_at", "is", null);
  if (filter.before !== undefined) query = query.where(isBehind(filter.before));
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

export async function insertVersion(db: Db, version: NewVersion): Promise<void> {
  await db.insertInto("versions").values(version).execute();
}

/** The versions that people made of a training's snapshots. */
export async function listVersionsOfSnapshots(db: Db, trainingId: string): Promise<VersionRow[]> {
  return db
    .selectFrom("versions")
    .selectAll()
    .where("snapshot_of", "=", trainingId)
    .where("deleted_at", "is", null)
    .execute();
}

/** The version as it is kept: that which was there before under the same id, taken back, as new, where it was deleted. */
export async function ensureVersion(db: Db, version: NewVersion): Promise<VersionRow> {
  return db
    .insertInto("versions")
    .values(version)
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet((row) => ({
        deleted_at: null,
        created_at: row
          .case()
          .when("versions.deleted_at", "is", null)
          .then(row.ref("versions.created_at"))
          .else(version.created_at)
          .end(),
      })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** False while a run of it has not ended, or a deployment's current release is it. */
export async function deleteUnusedVersion(db: Db, id: string, at: string): Promise<boolean> {
  const result = await db
    .updateTable("versions")
    .set({ deleted_at: at })
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("runs")
            .select("runs.id")
            .whereRef("runs.version_id", "=", "versions.id")
            .where("runs.completed_at", "is", null),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom("current_releases").select("number").whereRef("version_id", "=", "versions.id"))),
    )
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** A built-in version is a constant; at each start its schema follows the checkout. */
export async function upsertBuiltinVersion(db: Db, version: NewVersion): Promise<void> {
  await db
    .insertInto("versions")
    .values(version)
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet({ schema: version.schema, program: version.program, base: version.base }),
    )
    .execute();
}

/** The trainings whose versions were deleted by then, with what they gave. */
export async function listDeletedTrainings(
  db: Db,
  deletedBefore: string,
): Promise<{ id: string; output: string | null }[]> {
  return db
    .selectFrom("versions")
    .innerJoin("runs", "runs.id", "versions.training_id")
    .select(["runs.id", "runs.output"])
    .where("versions.deleted_at", "<=", deletedBefore)
    .execute();
}

/** What the weights of an owner's versions add up to, in bytes. */
export async function sumWeights(db: Db, owner: string): Promise<number> {
  const query = db
    .selectFrom("versions")
    .innerJoin("models", "models.id", "versions.model_id")
    .select((eb) => eb.fn.sum<number | null>("versions.weights_size").as("bytes"));
  const kept = query.where("models.owner", "=", owner).where("versions.deleted_at", "is", null);
  return (await kept.executeTakeFirstOrThrow()).bytes ?? 0;
}

/** The weights of all versions that were not deleted. */
export async function listWeightBlobs(db: Db): Promise<{ id: string; sha256: string; size: number }[]> {
  const rows = await db
    .selectFrom("versions")
    .select(["id", "weights_sha256", "weights_size"])
    .where("weights_sha256", "is not", null)
    .where("deleted_at", "is", null)
    .execute();
  return rows.map((row) => ({ id: row.id, sha256: row.weights_sha256 ?? "", size: row.weights_size ?? 0 }));
}
