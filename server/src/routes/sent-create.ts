/** What tells one create from another that is sent again: who sent it, what it says, and the key it has. */
import type { Context as Request } from "hono";
import type { Env } from "../env.ts";
import type { CreateRequest } from "../runs/create.ts";
import { readIdempotencyKey } from "./wishes.ts";

/** `text` is the body as it came. */
export function sentCreate(
  c: Request<Env>,
  text: string,
): Pick<CreateRequest, "account" | "tokenHash" | "source" | "path" | "body" | "idempotencyKey"> {
  return {
    account: c.get("account"),
    tokenHash: c.get("tokenHash"),
    source: c.get("source"),
    path: c.req.path,
    body: text,
    idempotencyKey: readIdempotencyKey(c),
  };
}
