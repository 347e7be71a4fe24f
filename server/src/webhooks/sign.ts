/** The secret that an account's webhooks are signed with, and the signature, both as Standard Webhooks has them. */
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Db } from "../db.ts";

/** Standard base64 and one underscore: clients split the secret there. */
export async function ensureWebhookSecret(db: Db, account: string): Promise<string> {
  const name = `webhooks of ${account}`;
  const find = () => db.selectFrom("secrets").select("value").where("name", "=", name);
  const kept = await find().executeTakeFirst();
  if (kept !== undefined) return kept.value;
  const value = `whsec_${randomBytes(32).toString("base64")}`;
  await db
    .insertInto("secrets")
    .values({ name, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await find().executeTakeFirstOrThrow()).value;
}

/** The headers of one attempt. `body` is signed as the bytes that are sent; `at` in milliseconds since 1970. */
export function signedHeaders(secret: string, id: string, at: number, body: string): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, new Date(at), body),
  };
}
