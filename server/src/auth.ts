/** Who is calling: an API token in the Authorization header, `Bearer` or `Token`, in any case. */
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MiddlewareHandler } from "hono";
import { type Context, timestamp } from "./context.ts";
import type { Env } from "./env.ts";
import { unauthenticated } from "./errors.ts";
import { writeDurably } from "./files/durable.ts";
import { newToken, sha256Hex } from "./ids.ts";

/** Lets a request through with its account named, or answers 401. Tokens are looked up by their hash. */
export function authenticate(context: Context): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = /^(?:bearer|token)\s+(\S+)\s*$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (token === undefined) throw unauthenticated();
    const hash = sha256Hex(token);
    const row = await context.db.selectFrom("tokens").select("account").where("hash", "=", hash).executeTakeFirst();
    if (row === undefined) throw unauthenticated();
    c.set("account", row.account);
    c.set("tokenHash", hash);
    await next();
  };
}

/**
 * Makes the first account and its API token: `EASEL_TOKEN` when set, else the one in the data folder, else a new one.
 * Returns the token when it was made just now, so that it can be shown this once.
 */
export async function ensureFirstAccount(context: Context): Promise<string | undefined> {
  const { db, config } = context;
  const created_at = timestamp(context);
  for (const name of [config.account, "easel", "stability-ai"]) {
    await db
      .insertInto("accounts")
      .values({ name, created_at })
      .onConflict((c) => c.doNothing())
      .execute();
  }
  const path = join(config.dataFolder, "token");
  const kept = config.token ?? (await readFile(path, "utf8").catch(() => "")).trim();
  const token = kept === "" ? newToken() : kept;
  await db
    .insertInto("tokens")
    .values({ hash: sha256Hex(token), account: config.account, created_at })
    .onConflict((c) => c.doNothing())
    .execute();
  if (kept !== "") return undefined;
  await writeDurably(path, `${token}\n`);
  await chmod(path, 0o600);
  return token;
}
