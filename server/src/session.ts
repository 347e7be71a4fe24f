/**
 * Browser sessions: a signed cookie that stands for an API token. The server keeps nothing of it: the cookie names the
 * token by its hash, so that it ends with the token, and lives on through restarts. Knows HTTP, and no accounts.
 */
import type { Context as Request } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";
import { HttpError } from "./errors.ts";
import { isSigned, sign } from "./files/sign.ts";

const IDLE_DAYS_MAX = 30;
const DAY_SECONDS = 24 * 60 * 60;
const PURPOSE = "session";
const SAFE = ["GET", "HEAD", "OPTIONS"];

/** Begins a session, or carries it on: 30 days from now. */
export function writeSession(context: Context, c: Request<Env>, tokenHash: string): void {
  const text = `${tokenHash}.${Math.floor(context.now() / 1000)}`;
  setCookie(c, cookieName(context, c), `${text}.${sign(context.signingKey, PURPOSE, text)}`, {
    ...attributes(context, c),
    maxAge: IDLE_DAYS_MAX * DAY_SECONDS,
  });
}

export function endSession(context: Context, c: Request<Env>): void {
  deleteCookie(c, cookieName(context, c), attributes(context, c));
}

/**
 * The hash of the token that this request's cookie stands for; undefined where there is no valid one. A session that is
 * used is renewed once a day. Throws 403 where another site's page asks for a change.
 */
export function readSession(context: Context, c: Request<Env>): string | undefined {
  const [hash = "", issued = "", signature = ""] = (getCookie(c, cookieName(context, c)) ?? "").split(".");
  if (!isSigned(context.signingKey, PURPOSE, `${hash}.${issued}`, signature)) return undefined;
  const age = context.now() / 1000 - Number(issued);
  if (age > IDLE_DAYS_MAX * DAY_SECONDS) return undefined;
  requireOwnPage(context, c);
  if (age > DAY_SECONDS) writeSession(context, c, hash);
  return hash;
}

/** A browser says from where a request comes. Throws 403 for a change that another site's page asks for. */
export function requireOwnPage(context: Context, c: Request<Env>): void {
  if (SAFE.includes(c.req.method)) return;
  const site = c.req.header("sec-fetch-site");
  if (site === "same-origin" || site === "none") return;
  // Browsers before 2023 send no Sec-Fetch-Site, but all send Origin.
  if (site === undefined && isOwnOrigin(context, c, c.req.header("origin"))) return;
  throw new HttpError(
    403,
    "This change was asked for by a page of another site, or not by a page at all. In a program, send an API token instead of a cookie.",
    { title: "Foreign page" },
  );
}

function isOwnOrigin(context: Context, c: Request<Env>, origin: string | undefined): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  const own = [new URL(c.req.url).host, ...(context.config.publicUrl ? [new URL(context.config.publicUrl).host] : [])];
  return own.includes(new URL(origin).host);
}

/** Cookies are told apart by host, not by port: two servers on one machine would end each other's sessions. */
function cookieName(context: Context, c: Request<Env>): string {
  const { port } = new URL(c.req.url);
  return `${isSecure(context, c) ? "__Host-" : ""}easel${port === "" ? "" : `-${port}`}`;
}

function attributes(context: Context, c: Request<Env>) {
  return { httpOnly: true, sameSite: "Lax", path: "/", secure: isSecure(context, c) } as const;
}

function isSecure(context: Context, c: Request<Env>): boolean {
  return new URL(context.config.publicUrl ?? c.req.url).protocol === "https:";
}
