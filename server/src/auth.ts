/**
 * Who is calling, and what they may do: an API token in the Authorization header (`Bearer` or `Token`, in any case), a
 * browser's session that stands for one, or a link that is signed for one run.
 */
import type { MiddlewareHandler, Context as Request } from "hono";
import { findToken } from "./accounts/store.ts";
import { findPrincipal, type Principal, whyOver } from "./accounts/tokens.ts";
import { clientAddress } from "./client-address.ts";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";
import { forbidden, guessed, type HttpError, unauthenticated } from "./errors.ts";
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
    const caller = await findCaller(context, c);
    if (caller === undefined) throw unauthenticated();
    if (caller.principal === undefined) throw await refuse(context, caller.tokenHash);
    speakFor(c, caller.principal);
    c.set("source", c.req.header("authorization") === undefined ? "web" : "api");
    if (!READS.includes(c.req.method)) requireWrite(c);
    await next();
  };
}

/**
 * The account of a request whose token or session is good. Throws 403 where another site's page uses a session, and 429
 * where tokens are guessed.
 */
export async function findSignedIn(context: Context, c: Request<Env>): Promise<string | undefined> {
  return (await findCaller(context, c))?.principal?.account;
}

/** Whom a token speaks for that came with the request. Throws 429 where too many unknown ones have come from its address. */
export async function findGiven(context: Context, c: Request<Env>, tokenHash: string): Promise<Principal | undefined> {
  const { guesses, db, now } = context;
  const address = clientAddress(context, c);
  if (address === undefined) return findPrincipal(context, tokenHash);
  const waitSeconds = guesses.begin(address, tokenHash, now());
  if (waitSeconds > 0) throw guessed(waitSeconds);
  const principal = await findPrincipal(context, tokenHash);
  // Who holds one that has ended did not guess it.
  const isGood = principal !== undefined || (await findToken(db, tokenHash)) !== undefined;
  guesses.end(address, tokenHash, isGood, now());
  return principal;
}

interface Caller {
  tokenHash: string;
  /** Undefined where the token is unknown or has ended. */
  principal: Principal | undefined;
}

async function findCaller(context: Context, c: Request<Env>): Promise<Caller | undefined> {
  const header = c.req.header("authorization");
  if (header === undefined) {
    // Signed here: nobody can guess one.
    const tokenHash = readSession(context, c);
    return tokenHash === undefined ? undefined : { tokenHash, principal: await findPrincipal(context, tokenHash) };
  }
  const token = /^(?:bearer|token)\s+(\S+)\s*$/i.exec(header)?.[1];
  if (token === undefined) return undefined;
  const tokenHash = sha256Hex(token);
  return { tokenHash, principal: await findGiven(context, c, tokenHash) };
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
