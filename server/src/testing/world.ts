/** A world for one test: a data folder, a database and two accounts with tokens, all thrown away at the end. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { readConfig } from "../config.ts";
import { type Context, timestamp } from "../context.ts";
import { openDb } from "../db.ts";
import { BlobStore } from "../files/blobs.ts";
import { newToken, sha256Hex } from "../ids.ts";
import { Watch } from "../runs/watch.ts";

export interface World {
  context: Context;
  /** Of the account `you`. */
  token: string;
  /** Of the account `someone`. */
  otherToken: string;
}

/** Makes a world; it goes away when the test ends. `settings` are as in the environment. */
export async function makeWorld(settings: Record<string, string> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "easel-test-"));
  const config = readConfig({ EASEL_DATA: folder, EASEL_ACCOUNT: "you", EASEL_LOG_LEVEL: "silent", ...settings });
  const db = await openDb(":memory:");
  onTestFinished(async () => {
    await db.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  const blobs = await BlobStore.open(folder);
  const log = pino({ level: config.logLevel });
  const context: Context = {
    config,
    db,
    blobs,
    watch: new Watch(),
    log,
    signingKey: Buffer.alloc(32, 7),
    now: Date.now,
  };
  return { context, token: await insertAccount(context, "you"), otherToken: await insertAccount(context, "someone") };
}

/** Adds an account and gives its token. */
export async function insertAccount(context: Context, name: string): Promise<string> {
  const token = newToken();
  const created_at = timestamp(context);
  await context.db.insertInto("accounts").values({ name, created_at }).execute();
  await context.db
    .insertInto("tokens")
    .values({ hash: sha256Hex(token), account: name, created_at })
    .execute();
  return token;
}

/** Every file in the data folder, as sorted relative paths: what a refusal must leave unchanged. */
export async function listDataFiles(context: Context): Promise<string[]> {
  const entries = await readdir(context.config.dataFolder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(context.config.dataFolder.length + 1))
    .sort();
}
