/** What tells one create from another that is sent again: who sent it, what it says, the key it has, and how its reply does. */
import type { Context as Request } from "hono";
import type { Env } from "../env.ts";
import type { CreateRequest } from "../runs/create.ts";
import type { Reply } from "../runs/unanswered.ts";
import { readIdempotencyKey } from "./wishes.ts";

/** `text` is the body as it came. */
export function sentCreate(
  c: Request<Env>,
  text: string,
): Pick<CreateRequest, "account" | "tokenHash" | "source" | "path" | "body" | "idempotencyKey" | "reply"> {
  return {
    account: c.get("account"),
    tokenHash: c.get("tokenHash"),
    source: c.get("source"),
    path: c.req.path,
    body: text,
    idempotencyKey: readIdempotencyKey(c),
    reply: replyTo(c),
  };
}

/** A request without a socket has its reply at once. */
function replyTo(c: Request<Env>): Reply {
  const outgoing = c.env?.outgoing;
  if (outgoing === undefined) return { state: "arrived", closed: Promise.resolve() };
  if (outgoing.destroyed) return { state: "broken", closed: Promise.resolve() };
  const reply: Reply = {
    state: "open",
    closed: new Promise((resolve) => {
      outgoing.once("close", () => {
        reply.state = outgoing.writableFinished ? "arrived" : "broken";
        resolve();
      });
    }),
  };
  return reply;
}
