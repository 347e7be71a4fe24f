/**
 * Rate limits, in Replicate's headers and words: off until they are asked for. Counted by account and not by token,
 * of which anyone can make more. Knows nothing of what is asked.
 */
import type { MiddlewareHandler } from "hono";
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

interface Taken {
  remaining: number;
  /** Until the whole limit is there again. */
  resetSeconds: number;
  /** Until the next request is let through; 0 when this one was. */
  waitSeconds: number;
}

/** A bucket an account, that holds a minute's worth and fills up evenly: a burst is let through, a steady flow too. */
class Buckets {
  readonly #perMinute: number;
  readonly #levels = new Map<string, { level: number; atMs: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  take(account: string, nowMs: number): Taken {
    const perMs = this.#perMinute / 60_000;
    const before = this.#levels.get(account) ?? { level: this.#perMinute, atMs: nowMs };
    // A clock that was set back fills nothing.
    const level = Math.min(this.#perMinute, before.level + Math.max(0, nowMs - before.atMs) * perMs);
    const isTaken = level >= 1;
    const left = isTaken ? level - 1 : level;
    this.#levels.set(account, { level: left, atMs: nowMs });
    return {
      remaining: Math.floor(left),
      resetSeconds: Math.ceil((this.#perMinute - left) / perMs / 1000),
      waitSeconds: isTaken ? 0 : Math.ceil((1 - left) / perMs / 1000),
    };
  }
}
