/** Every statement about the table of files. The bytes themselves are blobs, which several rows may share. */
import type { Selectable } from "kysely";
import { type Cursor, type Db, isBehind, type Tables } from "../db.ts";

export type FileRow = Selectable<Tables["files"]>;

export async function insertFile(db: Db, row: FileRow): Promise<void> {
  await db.insertInto("files").values(row).execute();
}

/** A file of this account; someone else's is as absent as one that never was. */
export async function findFile(db: Db, account: string, id: string): Promise<FileRow | undefined> {
  return db.selectFrom("files").selectAll().where("id", "=", id).where("account", "=", account).executeTakeFirst();
}

/** Newest first. `before` is the last row of the page before. */
export async function listFiles(
  db: Db,
  filter: { account: string; before: Cursor | undefined; limit: number },
): Promise<FileRow[]> {
  let query = db.selectFrom("files").selectAll().where("account", "=", filter.account);
  if (filter.before !== undefined) query = query.where(isBehind(filter.before));
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

/** Whether there was such a file. Its bytes stay: a run that was given them may still need them. */
export async function deleteFile(db: Db, account: string, id: string): Promise<boolean> {
  const result = await db.deleteFrom("files").where("id", "=", id).where("account", "=", account).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** The blobs of all files, each with the id of the file that names it. */
export async function listFileBlobs(db: Db): Promise<{ id: string; sha256: string; size: number }[]> {
  return db.selectFrom("files").select(["id", "sha256", "size"]).execute();
}

/** What the files of an account add up to, in bytes; equal ones are stored once and count as often as they are listed. */
export async function sumFiles(db: Db, account: string): Promise<number> {
  const query = db.selectFrom("files").select((eb) => eb.fn.sum<number | null>("size").as("bytes"));
  return (await query.where("account", "=", account).executeTakeFirstOrThrow()).bytes ?? 0;
}
