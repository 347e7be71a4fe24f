/** `/v1/runs`: what Easel adds about a run — its events as they come, its whole log, a result kept early. */
import { Readable } from "node:stream";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { unprocessable } from "../errors.ts";
import { keepRun } from "../runs/cancel.ts";
import { followRun } from "../runs/follow.ts";
import { wholeLog } from "../runs/logs.ts";
import { presentAny } from "../runs/present.ts";
import { originOf } from "./page.ts";
import { requireRun } from "./predictions.ts";

export function runs(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/runs/:id/events", async (c) => {
    const run = await requireRun(context, c);
    const after = Number(c.req.header("last-event-id") ?? c.req.query("after") ?? 0);
    const origin = originOf(context, c);
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      for await (const message of followRun(
        context,
        run.id,
        Number.isInteger(after) ? after : 0,
        origin,
        AbortSignal.any([gone.signal, context.stopping]),
      )) {
        if (message === "quiet") await stream.write(": still here\n\n");
        else await stream.writeSSE(message);
      }
    });
  });

  app.get("/runs/:id/logs", async (c) => {
    const run = await requireRun(context, c);
    const body = Readable.toWeb(Readable.from(wholeLog(context.db, run.id), { objectMode: false }));
    return new Response(body, {
      headers: { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" },
    });
  });

  app.post("/runs/:id/stop-and-keep", async (c) => {
    const run = await requireRun(context, c);
    if (run.kind !== "training")
      throw unprocessable("Not a training", "Only a training can be stopped and kept. Cancel a prediction instead.");
    if (run.status === "starting") {
      throw unprocessable(
        "Nothing to keep yet",
        "This training has not begun, so it has learnt nothing yet. Cancel it instead.",
      );
    }
    return c.json(
      await presentAny(context, await keepRun(context, run), { origin: originOf(context, c), inline: false }),
    );
  });

  return app;
}
