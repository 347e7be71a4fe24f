/** What every reply carries: the request's id, and what keeps a browser from taking it for more than it is. */
import { REQUEST_ID_HEADER } from "@easel/contract";
import type { MiddlewareHandler } from "hono";
import type { Env } from "../env.ts";
import { newInternalId } from "../ids.ts";

/** A route may say otherwise; these hold where it says nothing. */
const DEFAULTS = Object.entries({
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
});

/** Sets them when the reply is there, because one that a route makes by itself has lost what was set before. */
export function setHeaders(): MiddlewareHandler<Env> {
  return async (c, next) => {
    const id = newInternalId();
    c.set("requestId", id);
    await next();
    const { headers } = c.res;
    headers.set(REQUEST_ID_HEADER, id);
    for (const [name, value] of DEFAULTS) if (!headers.has(name)) headers.set(name, value);
  };
}
