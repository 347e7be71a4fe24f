/** Every statement about exports: weights in other programs' formats, kept as blobs. */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";

export type ExportRow = Selectable<Tables["exports"]>;

/** The export of that key, noted as used now; undefined where it is still to be made. */
export async function useExport(db: Db, key: string, at: string): Promise<ExportRow | undefined> {
  return db.updateTable("exports").set({ used_at: at }).where("key", "=", key).returningAll().executeTakeFirst();
}

/** Takes the place of an earlier one, whose blob is gone. */
export async function insertExport(db: Db, row: ExportRow): Promise<void> {
  await db
    .insertInto("exports")
    .values(row)
    .onConflict((conflict) => conflict.column("key").doUpdateSet(row))
    .execute();
}
