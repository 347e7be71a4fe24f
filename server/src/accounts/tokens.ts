/** API tokens: made, and told apart by what they may do. Knows nothing of HTTP. */
import type { TokenAccess } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import type { Db } from "../db.ts";
import { invalidInput } from "../errors.ts";
import { newInternalId, newToken, sha256Hex } from "../ids.ts";
import { findToken, insertToken, type TokenRow, updateTokenUsed } from "./store.ts";

/** "r8_" and four more: enough to know one's token again, and 165 bits are left to guess. */
const START_LENGTH = 7;
/** A use is written down when the one before is this old, so that reads do not become writes. */
const USE_NOTED_MS = 60_000;
/** What is poked when a token is revoked. */
export const TOKENS_TOPIC = "tokens";
/** How long what a token opened may outlive it: R20 gives it 5 s. */
const CHECK_MS = 4000;

export interface TokenWish {
  account: string;
  name: string;
  access: TokenAccess;
  expiresAt: string | null;
}

/** Makes a token and stores its hash; the text itself is here once and never again. Throws 422 for an end in the past. */
export async function issueToken(
  context: Context,
  wish: TokenWish,
  db: Db = context.db,
): Promise<{ row: TokenRow; token: string }> {
  if (wish.expiresAt !== null && Date.parse(wish.expiresAt) <= context.now()) {
    const description = `expires_at must lie in the future; it is ${timestamp(context)} here. Leave it out for no end`;
    throw invalidInput([{ type: "datetime_gt", field: "expires_at", description }]);
  }
  const token = newToken();
  const row = tokenRow(token, wish, timestamp(context));
  await insertToken(db, row);
  return { row, token };
}

export function tokenRow(token: string, { account, name, access, expiresAt }: TokenWish, at: string): TokenRow {
  return {
    id: newInternalId(),
    hash: sha256Hex(token),
    account,
    name,
    access,
    start: token.slice(0, START_LENGTH),
    created_at: at,
    expires_at: expiresAt,
    last_used_at: null,
    revoked_at: null,
  };
}

/** Who speaks with a token. */
export interface Principal {
  account: string;
  tokenHash: string;
  access: TokenAccess;
}

/**
 * Whom a token speaks for, by its SHA-256, and notes its use; `undefined` when it is unknown, expired or revoked. A
 * session keeps the hash of the token that it was opened with and asks here at each request: it dies with its token.
 */
export async function findPrincipal(context: Context, tokenHash: string): Promise<Principal | undefined> {
  if (isSetting(context, tokenHash)) return { account: context.config.account, tokenHash, access: "write" };
  const row = await findValid(context, tokenHash);
  if (row === undefined) return undefined;
  noteUse(context, row);
  return { account: row.account, tokenHash, access: row.access };
}

/**
 * Aborts `over` once the token is no longer taken, a revoked one at once and an expired one within seconds, and looks no
 * further once it is aborted: for what goes on after its request was let in. That it goes on is no use of the token.
 */
export async function endWithToken(context: Context, tokenHash: string, over: AbortController): Promise<void> {
  try {
    for (;;) {
      await context.watch.next(TOKENS_TOPIC, CHECK_MS, over.signal);
      if (over.signal.aborted) return;
      if (!(isSetting(context, tokenHash) || (await findValid(context, tokenHash)))) over.abort();
    }
  } catch (error) {
    context.log.error({ error }, "whether a token is still good could not be looked up");
    over.abort();
  }
}

/** EASEL_TOKEN is not a row: it is valid as long as it is set, and no longer. */
function isSetting({ config }: Context, tokenHash: string): boolean {
  return config.token !== undefined && sha256Hex(config.token) === tokenHash;
}

async function findValid(context: Context, tokenHash: string): Promise<TokenRow | undefined> {
  const row = await findToken(context.db, tokenHash);
  return row === undefined || whyOver(row, context.now()) !== undefined ? undefined : row;
}

/** Why a token is no longer taken, in a sentence for whoever holds it; `undefined` while it is. */
export function whyOver(row: TokenRow, now: number): string | undefined {
  if (row.revoked_at !== null) return `This API token was revoked on ${row.revoked_at.slice(0, 10)}.`;
  if (row.expires_at !== null && Date.parse(row.expires_at) <= now) {
    return `This API token expired on ${row.expires_at.slice(0, 10)}.`;
  }
  return undefined;
}

function noteUse(context: Context, row: TokenRow): void {
  const now = context.now();
  if (row.last_used_at !== null && now - Date.parse(row.last_used_at) < USE_NOTED_MS) return;
  updateTokenUsed(context.db, row.id, timestamp(context)).catch((error) =>
    context.log.error({ error }, "a token's use could not be noted"),
  );
}
