/** The account that a server begins with, and its token: who has the machine has these. */
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, isLoopback, RESERVED_ACCOUNTS } from "../config.ts";
import { type Context, timestamp } from "../context.ts";
import { writeDurably } from "../files/durable.ts";
import { newToken, sha256Hex } from "../ids.ts";
import { findToken, insertAccount, insertToken } from "./store.ts";
import { STRENGTH_BITS_MIN, strengthBits } from "./strength.ts";
import { tokenRow, whyOver } from "./tokens.ts";

/**
 * Makes the first account, and its API token in the data folder where neither that nor `EASEL_TOKEN` gives one. A token
 * there that was revoked is replaced. Returns the token when it was made just now, so that it can be shown this once.
 * Throws one sentence for a token that is too easily guessed for where the server listens.
 */
export async function ensureFirstAccount(context: Context): Promise<string | undefined> {
  const { db, config } = context;
  const at = timestamp(context);
  for (const name of [config.account, ...RESERVED_ACCOUNTS]) await insertAccount(db, name, at);
  if (config.token !== undefined) {
    refuseWeakToken(config, config.token, "EASEL_TOKEN");
    return undefined;
  }
  const path = join(config.dataFolder, "token");
  const kept = (await readFile(path, "utf8").catch(() => "")).trim();
  const known = kept === "" ? undefined : await findToken(db, sha256Hex(kept));
  if (kept !== "") refuseWeakToken(config, kept, path);
  if (known !== undefined && whyOver(known, context.now()) === undefined) return undefined;
  const token = kept === "" || known !== undefined ? newToken() : kept;
  const wish = { account: config.account, name: "first start", access: "write", expiresAt: null } as const;
  await insertToken(db, tokenRow(token, wish, at));
  if (token === kept) return undefined;
  await writeDurably(path, `${token}\n`);
  await chmod(path, 0o600);
  return token;
}

function refuseWeakToken(config: Config, token: string, source: string): void {
  if (isLoopback(config.host) || strengthBits(token) >= STRENGTH_BITS_MIN) return;
  throw new Error(
    `EASEL_HOST is ${config.host}, where others can reach the server, and the token in ${source} is too short to withstand ` +
      "guessing: it needs 22 random letters and digits, or 32 hexadecimal ones. Make one with `openssl rand -hex 32`, " +
      "or unset it and remove the file `token` from the data folder, and the server makes one at its start.",
  );
}
