/** The floor under everything that is acknowledged: one row, one fsync, on the disk of the temporary folder. */
import { join } from "node:path";
import Database from "better-sqlite3";

/** Milliseconds of so many inserts, one after another, into a database of their own in `folder`. */
export function bareInserts(folder, times) {
  const database = new Database(join(folder, "bare.db"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("create table if not exists runs (id text, input text)");
  const insert = database.prepare("insert into runs values (?, ?)");
  const taken = Array.from({ length: times }, (_, number) => {
    const started = performance.now();
    insert.run(String(number), "{}");
    return performance.now() - started;
  });
  database.close();
  return taken;
}
