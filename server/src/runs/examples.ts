/** Every statement about examples: predictions that a model's owner shows to whoever sees the model. */
import { type Selectable, sql } from "kysely";
import type { Cursor, Db, Tables } from "../db.ts";
import type { RunRow } from "./store.ts";

/**
 * Marks it, or marks it anew: the one marked last is the model's default example. Of two in one millisecond the later one is marked
 * a millisecond later, or chance would decide.
 */
export async function upsertExample(db: Db, example: Selectable<Tables["examples"]>): Promise<void> {
  const afterTheLast = sql<string>`(
    select strftime('%Y-%m-%dT%H:%M:%fZ', max(marked_at), '+0.001 seconds') from examples where model_id = ${example.model_id}
  )`;
  await db
    .insertInto("examples")
    .values({ ...example, marked_at: sql<string>`max(${example.marked_at}, coalesce(${afterTheLast}, ''))` })
    .onConflict((conflict) =>
      conflict.columns(["model_id", "run_id"]).doUpdateSet({ marked_at: (row) => row.ref("excluded.marked_at") }),
    )
    .execute();
}

/** False when it was none. */
export async function deleteExample(db: Db, modelId: string, runId: string): Promise<boolean> {
  const result = await db
    .deleteFrom("examples")
    .where("model_id", "=", modelId)
    .where("run_id", "=", runId)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Whether any model shows it. */
export async function isExample(db: Db, runId: string): Promise<boolean> {
  const query = db.selectFrom("examples").select("run_id").where("run_id", "=", runId);
  return (await query.executeTakeFirst()) !== undefined;
}

/** The one marked last first; `sorted_at` is when it was marked. */
export async function listExamples(
  db: Db,
  filter: { modelId: string; before: Cursor | undefined; limit: number },
): Promise<(RunRow & { sorted_at: string })[]> {
  let query = db
    .selectFrom("examples")
    .innerJoin("runs", "runs.id", "examples.run_id")
    .selectAll("runs")
    .select("examples.marked_at as sorted_at")
    .where("examples.model_id", "=", filter.modelId);
  if (filter.before !== undefined) {
    const { createdAt, id } = filter.before;
    query = query.where((row) => row(row.refTuple("examples.marked_at", "runs.id"), "<", row.tuple(createdAt, id)));
  }
  return query.orderBy("examples.marked_at", "desc").orderBy("runs.id", "desc").limit(filter.limit).execute();
}

/** The model's example that was marked last. */
export async function findDefaultExample(db: Db, modelId: string): Promise<RunRow | undefined> {
  return (await listExamples(db, { modelId, before: undefined, limit: 1 }))[0];
}
