/** Who is calling: an API token in the Authorization header, `Bearer` or `Token`, in any case; and what they may do. */
import type { MiddlewareHandler, Context as Request } from "hono";
import { findToken } from "./accounts/store.ts";
import { findPrincipal, type Principal, whyOver } from "./accounts/tokens.ts";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";
import { forbidden, type HttpError, unauthenticated } from "./errors.ts";
import { sha256Hex } from "./ids.ts";

const READS = ["GET", "HEAD", "QUERY"];

/** Lets a request through with its account named, or answers 401; a token that may only read gets 403 for the rest. */
export function authenticate(context: Context): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = /^(?:bearer|token)\s+(\S+)\s*$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (token === undefined) throw unauthenticated();
    const principal = await findPrincipal(context, sha256Hex(token));
    if (principal === undefined) throw await refuse(context, sha256Hex(token));
    speakFor(c, principal);
    if (!READS.includes(c.req.method)) requireWrite(c);
    await next();
  };
}

/** Notes on the request whom it speaks for; all behind it trusts that. */
export function speakFor(c: Request<Env>, { account, tokenHash, access }: Principal): void {
  c.set("account", account);
  c.set("tokenHash", tokenHash);
  c.set("access", access);
}

/** Throws 403 for a token that may only read. */
export function requireWrite(c: Request<Env>): void {
  if (c.get("access") === "write") return;
  throw forbidden(
    "Read-only token",
    "This API token may only read. Use one that may write: `easel token create NAME` makes it, called with a token that may write.",
  );
}

/** Throws 403 for everybody but the account that the server began with. */
export function requireOperator(context: Context, c: Request<Env>): void {
  if (c.get("account") === context.config.account) return;
  throw forbidden(
    "Not allowed",
    "Only the account that this server began with may do that. Ask whoever runs the server.",
  );
}

async function refuse(context: Context, tokenHash: string): Promise<HttpError> {
  const row = await findToken(context.db, tokenHash);
  const why = row && whyOver(row, context.now());
  return unauthenticated(
    why && `${why} Make another with \`easel token create NAME\`, or ask whoever runs the server.`,
  );
}
