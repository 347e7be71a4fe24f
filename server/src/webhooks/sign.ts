/** The secret that an account's webhooks are signed with, and the signature, both as Standard Webhooks has them. */
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Db } from "../db.ts";

/** How long a replaced secret still signs, so that receivers can change over. */
const OVERLAP_MS = 24 * 60 * 60 * 1000;

/** The account's secret, made where there is none. */
export async function ensureWebhookSecret(db: Db, account: string): Promise<string> {
  const [newest] = await findWebhookSecrets(db, account, Number.POSITIVE_INFINITY);
  if (newest !== undefined) return newest;
  await db
    .insertInto("secrets")
    .values({ name: nameOf(account), value: newWebhookSecret() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return ensureWebhookSecret(db, account);
}

/** Replaces the account's secret and gives the new one; the old one signs too for another day. */
export async function rotateWebhookSecret(db: Db, account: string, nowMs: number): Promise<string> {
  await ensureWebhookSecret(db, account);
  const value = newWebhookSecret();
  await db
    .updateTable("secrets")
    .set((row) => ({ previous: row.ref("value"), value, previous_ends_at: new Date(nowMs + OVERLAP_MS).toISOString() }))
    .where("name", "=", nameOf(account))
    .execute();
  return value;
}

/** What the account's messages are signed with at that time, the newest first; none before it was first asked for. */
async function findWebhookSecrets(db: Db, account: string, nowMs: number): Promise<string[]> {
  const row = await db.selectFrom("secrets").selectAll().where("name", "=", nameOf(account)).executeTakeFirst();
  if (row === undefined) return [];
  const { value, previous, previous_ends_at } = row;
  return previous === null || Date.parse(previous_ends_at ?? "") <= nowMs ? [value] : [value, previous];
}

/** The headers of one attempt. `body` is signed as the bytes that are sent; `at` in milliseconds since 1970. */
export async function signedHeaders(
  db: Db,
  account: string,
  { id, at, body }: { id: string; at: number; body: string },
): Promise<Record<string, string>> {
  const kept = await findWebhookSecrets(db, account, at);
  const secrets = kept.length > 0 ? kept : [await ensureWebhookSecret(db, account)];
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, new Date(at), body)).join(" "),
  };
}

function nameOf(account: string): string {
  return `webhooks of ${account}`;
}

/** Standard base64 and one underscore: clients split the secret there. */
function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}
