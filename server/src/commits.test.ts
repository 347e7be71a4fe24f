import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { commitTogether } from "./commits.ts";
import { openDb } from "./db.ts";

async function openWorld() {
  const db = await openDb(":memory:");
  onTestFinished(() => db.destroy());
  const add = (name: string) =>
    commitTogether(db, async (tx) => {
      await tx.insertInto("accounts").values({ name, created_at: "2026-01-01T00:00:00.000Z" }).execute();
      return name;
    });
  const names = async () => (await db.selectFrom("accounts").select("name").execute()).map(({ name }) => name);
  return { db, add, names };
}

test("what is asked for at once is committed at once, in the order of asking", async () => {
  const { db, add, names } = await openWorld();
  // Every statement of one transaction sees the same count of changes to the file that others have committed.
  const versions = await Promise.all([
    add("a"),
    add("b"),
    commitTogether(db, async (tx) => (await sql<{ total: number }>`select total_changes() as total`.execute(tx)).rows),
    add("c"),
  ]);
  expect(versions).toEqual(["a", "b", [{ total: 2 }], "c"]);
  expect(await names()).toEqual(["a", "b", "c"]);
});

test("one that fails takes back its own effects and nobody else's", async () => {
  const { db, add, names } = await openWorld();
  const failing = commitTogether(db, async (tx) => {
    await tx.insertInto("accounts").values({ name: "half", created_at: "now" }).execute();
    throw new Error("no");
  });
  const twice = Promise.all([add("a"), add("a")]);
  await expect(failing).rejects.toThrow("no");
  await expect(twice).rejects.toThrow("UNIQUE");
  expect(await add("b")).toBe("b");
  expect(await names()).toEqual(["a", "b"]);
});

test("where the commit itself fails, all are told so", async () => {
  const { db, add } = await openWorld();
  await sql`pragma defer_foreign_keys = on`.execute(db);
  const broken = commitTogether(db, async (tx) => {
    await sql`pragma defer_foreign_keys = on`.execute(tx);
    await sql`insert into models (id, owner, name, visibility, hardware, created_at) values ('m', 'nobody', 'm', 'public', 'cpu', 'now')`.execute(
      tx,
    );
  });
  const beside = add("a");
  await expect(broken).rejects.toThrow("FOREIGN KEY");
  await expect(beside).rejects.toThrow("FOREIGN KEY");
  expect(await add("b")).toBe("b");
});
