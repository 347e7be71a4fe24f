/** Every statement about models. A deleted one keeps its row, which runs refer to, and is seen by nobody. */
import { type ExpressionBuilder, type Insertable, type Selectable, sql, type Updateable } from "kysely";
import type { Cursor, Db, Tables } from "../db.ts";

export type ModelRow = Selectable<Tables["models"]>;

/** What a list of models can be sorted by. A model without a version counts from when it was made. */
export const MODEL_SORTS = ["latest_version_created_at", "model_created_at"] as const;
export interface ModelOrder {
  by: (typeof MODEL_SORTS)[number];
  direction: "asc" | "desc";
}

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
    .where(isVisibleTo(account))
    .executeTakeFirst();
}

/** Also one that was deleted: runs and versions name theirs by id. */
export async function findModel(db: Db, id: string): Promise<ModelRow | undefined> {
  return db.selectFrom("models").selectAll().where("id", "=", id).executeTakeFirst();
}

/** In the order asked for; `sorted_at` is what a row was sorted by, for the cursor to the next page. */
export async function listVisibleModels(
  db: Db,
  filter: { account: string; order: ModelOrder; before: Cursor | undefined; limit: number },
): Promise<(ModelRow & { sorted_at: string })[]> {
  const { by, direction } = filter.order;
  const sortedAt =
    by === "model_created_at"
      ? sql<string>`models.created_at`
      : sql<string>`coalesce((select max(created_at) from versions where model_id = models.id and deleted_at is null), models.created_at)`;
  let query = db.selectFrom("models").selectAll().select(sortedAt.as("sorted_at")).where(isVisibleTo(filter.account));
  if (filter.before !== undefined) {
    const { createdAt, id } = filter.before;
    const sign = sql.raw(direction === "desc" ? "<" : ">");
    query = query.where(sql<boolean>`(${sortedAt}, models.id) ${sign} (${createdAt}, ${id})`);
  }
  return query.orderBy("sorted_at", direction).orderBy("models.id", direction).limit(filter.limit).execute();
}

/** Models whose owner, name and description hold every one of these words, each somewhere, in any case. */
export async function findModelsWithWords(db: Db, account: string, words: string[]): Promise<ModelRow[]> {
  let query = db.selectFrom("models").selectAll().where(isVisibleTo(account));
  for (const word of words) {
    const pattern = `%${word.replace(/[\\%_]/g, "\\$&")}%`;
    query = query.where(
      sql<boolean>`owner || '/' || name || ' ' || coalesce(description, '') like ${pattern} escape '\\'`,
    );
  }
  return query.orderBy("created_at", "desc").execute();
}

/** Public models that can be trained, which trained ones never can. */
export async function listTrainableModels(db: Db, account: string): Promise<ModelRow[]> {
  return db
    .selectFrom("models")
    .selectAll()
    .where(isVisibleTo(account))
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("versions")
          .select("versions.id")
          .whereRef("versions.model_id", "=", "models.id")
          .where("versions.deleted_at", "is", null)
          .where("versions.training_id", "is", null)
          .where("versions.schema", "like", '%"TrainingInput":%'),
      ),
    )
    .orderBy("created_at")
    .execute();
}

/** False when the owner has a model of that name already. */
export async function insertModel(db: Db, model: Insertable<Tables["models"]>): Promise<boolean> {
  const result = await db
    .insertInto("models")
    .values(model)
    .onConflict((conflict) => conflict.columns(["owner", "name"]).where("deleted_at", "is", null).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Undefined when it was deleted meanwhile. */
export async function updateModel(
  db: Db,
  id: string,
  change: Updateable<Tables["models"]>,
): Promise<ModelRow | undefined> {
  return db
    .updateTable("models")
    .set(change)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .returningAll()
    .executeTakeFirst();
}

/** False while the model is public, has a version, or a training is under way to it. */
export async function deleteEmptyModel(db: Db, id: string, at: string): Promise<boolean> {
  const result = await db
    .updateTable("models")
    .set({ deleted_at: at })
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .where("visibility", "=", "private")
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("versions")
            .select("versions.id")
            .whereRef("versions.model_id", "=", "models.id")
            .where("versions.deleted_at", "is", null),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("runs")
            .select("runs.id")
            .whereRef("runs.destination_id", "=", "models.id")
            .where("runs.completed_at", "is", null),
        ),
      ),
    )
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function isVisibleTo(account: string) {
  return (row: ExpressionBuilder<Tables, "models">) =>
    row.and([
      row("models.deleted_at", "is", null),
      row.or([row("models.owner", "=", account), row("models.visibility", "=", "public")]),
    ]);
}
