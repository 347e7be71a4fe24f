/** One server a data folder. The lock is the operating system's, by way of SQLite, so it dies with its holder. */
import { join } from "node:path";
import Database from "better-sqlite3";

/** Holds the folder until `release`. Throws one sentence when another server has it. */
export function lockDataFolder(dataFolder: string): { release: () => void } {
  const database = new Database(join(dataFolder, "lock.db"), { timeout: 0 });
  try {
    database.pragma("locking_mode = EXCLUSIVE");
    database.exec("begin exclusive");
  } catch {
    database.close();
    throw new Error(`Another Easel server uses ${dataFolder}. Stop it first, or set EASEL_DATA to another folder.`);
  }
  return { release: () => database.close() };
}
