/** Every statement about model processes: which ones this installation has started and not yet seen end. */
import type { Selectable } from "kysely";
import type { Db, Tables } from "../db.ts";

export type ProcessRow = Selectable<Tables["processes"]>;

export async function insertProcess(
  db: Db,
  process: { id: string; program: string; base: string | null; whole: string | null; device: string; at: string },
): Promise<void> {
  const { id, program, base, whole, device, at } = process;
  const row = { id, program, base, weights_sha256: whole, device, started_at: at };
  await db.insertInto("processes").values(row).execute();
}

export async function updateProcessIdentity(db: Db, id: string, pid: number, birth: string | null): Promise<void> {
  await db.updateTable("processes").set({ pid, birth }).where("id", "=", id).where("ended_at", "is", null).execute();
}

export async function findLivingProcess(db: Db, id: string): Promise<ProcessRow | undefined> {
  return db.selectFrom("processes").selectAll().where("id", "=", id).where("ended_at", "is", null).executeTakeFirst();
}

export async function listLivingProcesses(db: Db): Promise<ProcessRow[]> {
  return db.selectFrom("processes").selectAll().where("ended_at", "is", null).orderBy("started_at").execute();
}

export async function endProcess(db: Db, id: string, at: string): Promise<void> {
  await db.updateTable("processes").set({ ended_at: at }).where("id", "=", id).where("ended_at", "is", null).execute();
}
