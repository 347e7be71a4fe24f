/** `urls.stream` of predictions. A link is signed for its path and needs no token: clients send none. */
import { setTimeout as sleep } from "node:timers/promises";
import { RunId } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import { streamSSE } from "hono/streaming";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";
import { verifyPath } from "../files/sign.ts";
import { findRun } from "../runs/store.ts";
import { readStreamId, streamRun } from "../runs/stream.ts";
import { originOf } from "./page.ts";

/** Replicate's command line 0.8.0 loses outputs, or panics, when the end follows too closely on them... */
const BEFORE_END_MS = 250;
/** ...or the connection closes too closely on the end. */
const AFTER_END_MS = 1600;

export function streams(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/streams/:id", (c) => stream(c));
  app.get("/files/streams/:id", (c) => stream(c));

  async function stream(c: Request<Env>): Promise<Response> {
    const { pathname, searchParams } = new URL(c.req.url);
    const path = pathname.replace(/^\/v1\/v1\//, "/v1/");
    if (!verifyPath(context.signingKey, path, searchParams, context.now())) throw notFound();
    const id = RunId.safeParse(c.req.param("id"));
    const run = id.success ? await findRun(context.db, id.data) : undefined;
    if (run === undefined) throw notFound();
    const after = readStreamId(c.req.header("last-event-id"));
    const origin = originOf(context, c);
    c.header("Cache-Control", "no-store");
    return streamSSE(c, async (sse) => {
      const gone = new AbortController();
      sse.onAbort(() => gone.abort());
      const signal = AbortSignal.any([gone.signal, context.stopping]);
      const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
      await sse.write(": hi\n\n");
      for await (const message of streamRun(context, run.id, after, origin, signal)) {
        if (message === "quiet") {
          await sse.write(": still here\n\n");
          continue;
        }
        if (message.event === "done" || message.event === "error") await wait(BEFORE_END_MS);
        await sse.writeSSE(message);
        if (message.event === "done") await wait(AFTER_END_MS);
      }
    });
  }

  return app;
}
