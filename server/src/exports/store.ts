/** Every statement about exports: weights in other programs' formats, kept as blobs. */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";

export type ExportRow = Selectable<Tables["exports"]>;

/** The export of that key, noted as used now; undefined where it is still to be made. */
export async function useExport(db: Db, key: string, at: string): Promise<ExportRow | undefined> {
  return db.updateTable("exports").set({ used_at: at }).where("key", "=", key).returningAll().executeTakeFirst();
}

/** The blobs of exports that were asked for since then; the others may be made again. */
export async function listExportBlobs(db: Db, usedAfter: string): Promise<string[]> {
  const rows = await db.selectFrom("exports").select("sha256").where("used_at", ">=", usedAfter).execute();
  return rows.map((row) => row.sha256);
}

/** Forgets them; their blobs are garbage then. */
export async function deleteExportsUnusedSince(db: Db, usedBefore: string): Promise<void> {
  await db.deleteFrom("exports").where("used_at", "<", usedBefore).execute();
}

/** Takes the place of an earlier one, whose blob is gone. */
export async function insertExport(db: Db, row: ExportRow): Promise<void> {
  await db
    .insertInto("exports")
    .values(row)
    .onConflict((conflict) => conflict.column("key").doUpdateSet(row))
    .execute();
}
