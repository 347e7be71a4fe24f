/**
 * Rate limits, in Replicate's headers and words: off until they are asked for. Counted by account and not by token,
 * of which anyone can make more. Knows nothing of what is asked.
 */
import type { MiddlewareHandler } from "hono";
import { Buckets } from "../buckets.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { throttled } from "../errors.ts";

/** Lets a request through while its account has not used up what it may ask a minute; then answers 429. */
export function limitRates(context: Context): MiddlewareHandler<Env> {
  const { rateLimit } = context.config;
  if (rateLimit === undefined) return (_c, next) => next();
  const [creates, rest] = [new Buckets(rateLimit.predictions), new Buckets(rateLimit.others)];
  return async (c, next) => {
    const buckets = c.req.method === "POST" && c.req.path.endsWith("/predictions") ? creates : rest;
    const { remaining, resetSeconds, waitSeconds } = buckets.take(c.get("account"), context.now());
    c.header("ratelimit-remaining", String(remaining));
    c.header("ratelimit-reset", String(resetSeconds));
    if (waitSeconds > 0) throw throttled(waitSeconds);
    await next();
  };
}
