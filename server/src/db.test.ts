import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { openDb } from "./db.ts";

const MIGRATIONS = fileURLToPath(new URL("../migrations/", import.meta.url));
const RELEASED = 3;

test("a database of the first release comes through every migration with its rows and their references", async () => {
  const folder = mkdtempSync(join(tmpdir(), "easel-db-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "easel.db");
  const old = new Database(path);
  const names = readdirSync(MIGRATIONS).sort().slice(0, RELEASED);
  for (const name of names) old.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
  old.exec(`
    insert into accounts values ('you', '2026-01-01T00:00:00.000Z');
    insert into models (id, owner, name, description, visibility, hardware, created_at)
      values ('m', 'you', 'toy', 'A toy', 'private', 'cpu', '2026-01-01T00:00:00.000Z');
    insert into versions (id, model_id, program, schema, created_at)
      values ('${"0".repeat(64)}', 'm', 'models/echo', '{}', '2026-01-02T00:00:00.000Z');
    insert into secrets values ('webhooks of you', 'whsec_abc');
    pragma user_version = ${RELEASED};
  `);
  old.close();
  const db = await openDb(path);
  expect(await db.selectFrom("models").select(["owner", "name", "description", "deleted_at"]).execute()).toEqual([
    { owner: "you", name: "toy", description: "A toy", deleted_at: null },
  ]);
  expect(await db.selectFrom("versions").select("model_id").execute()).toEqual([{ model_id: "m" }]);
  expect(await db.selectFrom("secrets").select("value").execute()).toEqual([{ value: "whsec_abc" }]);
  await expect(db.deleteFrom("models").execute()).rejects.toThrow(/FOREIGN KEY/);
  await db.destroy();
});
