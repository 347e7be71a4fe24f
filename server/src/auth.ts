/**
 * Who is calling, and what they may do: an API token in the Authorization header (`Bearer` or `Token`, in any case), a
 * browser's session that stands for one, or a link that is signed for one run.
 */
import type { MiddlewareHandler, Context as Request } from "hono";
import { findToken } from "./accounts/store.ts";
import { findPrincipal, type Principal, whyOver } from "./accounts/tokens.ts";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";
import { forbidden, type HttpError, unauthenticated } from "./errors.ts";
import { sha256Hex } from "./ids.ts";
import { findLinkedRun } from "./run-link.ts";
import { readSession } from "./session.ts";

const READS = ["GET", "HEAD", "QUERY"];

/** Lets a request through with its account named, or answers 401; a token that may only read gets 403 for the rest. */
export function authenticate(context: Context): MiddlewareHandler<Env> {
  return async (c, next) => {
    const linked = await findLinkedRun(context, c);
    if (linked !== undefined) {
      c.set("account", linked.account);
      c.set("access", "read");
      return next();
    }
    const tokenHash = hashOfToken(context, c);
    if (tokenHash === undefined) throw unauthenticated();
    const principal = await findPrincipal(context, tokenHash);
    if (principal === undefined) throw await refuse(context, tokenHash);
    speakFor(c, principal);
    c.set("source", c.req.header("authorization") === undefined ? "web" : "api");
    if (!READS.includes(c.req.method)) requireWrite(c);
    await next();
  };
}

/** The account of a request whose token or session is good. Throws 403 where another site's page uses a session. */
export async function findSignedIn(context: Context, c: Request<Env>): Promise<string | undefined> {
  const tokenHash = hashOfToken(context, c);
  return tokenHash === undefined ? undefined : (await findPrincipal(context, tokenHash))?.account;
}

function hashOfToken(context: Context, c: Request<Env>): string | undefined {
  const header = c.req.header("authorization");
  if (header === undefined) return readSession(context, c);
  const token = /^(?:bearer|token)\s+(\S+)\s*$/i.exec(header)?.[1];
  return token === undefined ? undefined : sha256Hex(token);
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
