/** `/v1/runs`: what Easel adds about a run — its events as they come, its whole log, a result kept early or chosen late. */
import { Readable } from "node:stream";
import { type ArtifactPage, FREES_HEADER, isTerminal } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import { streamSSE } from "hono/streaming";
import { endWithToken } from "../accounts/tokens.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { badRequest, notFound, unprocessable } from "../errors.ts";
import { presentVersion } from "../models/present.ts";
import { listArtifacts } from "../runs/artifacts.ts";
import { keepRun, saveState } from "../runs/cancel.ts";
import { isExample } from "../runs/examples.ts";
import { followRun } from "../runs/follow.ts";
import { logFrom } from "../runs/logs.ts";
import { presentAny } from "../runs/present.ts";
import { publishSnapshot } from "../runs/publish-snapshot.ts";
import { removeData } from "../runs/removal.ts";
import type { RunRow } from "../runs/store.ts";
import { measureFreed } from "../space/frees.ts";
import { originOf } from "./page.ts";
import { requireRun } from "./predictions.ts";

export function runs(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/runs/:id/events", async (c) => {
    const run = await requireRun(context, c);
    const after = Number(c.req.header("last-event-id") ?? c.req.query("after") ?? 0);
    const origin = originOf(context, c);
    // A request by a link has none.
    const tokenHash: string | undefined = c.get("tokenHash");
    return streamSSE(c, async (stream) => {
      const over = new AbortController();
      stream.onAbort(() => over.abort());
      if (tokenHash !== undefined) void endWithToken(context, tokenHash, over);
      const signal = AbortSignal.any([over.signal, context.stopping]);
      try {
        for await (const message of followRun(context, run.id, Number.isInteger(after) ? after : 0, origin, signal)) {
          if (signal.aborted) break;
          if (message === "quiet") await stream.write(": still here\n\n");
          else await stream.writeSSE(message);
        }
      } finally {
        over.abort();
      }
    });
  });

  app.get("/runs/:id/logs", async (c) => {
    const run = await requireRun(context, c);
    const from = readFrom(c);
    const body = Readable.toWeb(Readable.from(logFrom(context.db, run.id, from), { objectMode: false }));
    return new Response(body, {
      headers: { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" },
    });
  });

  app.get("/runs/:id/artifacts", async (c) => {
    const run = await requireRun(context, c);
    const results = await listArtifacts(context, run, originOf(context, c));
    return c.json({ previous: null, next: null, results } satisfies ArtifactPage);
  });

  app.post("/runs/:id/stop-and-keep", async (c) => {
    const run = await requireBegunTraining(context, c, "stopped and kept");
    const kept = await keepRun(context, run);
    return c.json(await presentAny(context, kept, { origin: originOf(context, c), inline: false }));
  });

  app.post("/runs/:id/save-state", async (c) => {
    const run = await requireBegunTraining(context, c, "asked for a training state");
    const asked = await saveState(context, run);
    return c.json(await presentAny(context, asked, { origin: originOf(context, c), inline: false }));
  });

  app.post("/runs/:id/snapshots/:step/publish", async (c) => {
    const run = await requireRun(context, c);
    if (run.kind !== "training") throw notFound();
    const step = Number(c.req.param("step"));
    if (!Number.isSafeInteger(step) || step < 0)
      throw badRequest("A snapshot's step must be a whole number, such as 40.");
    const { version, isNew } = await publishSnapshot(context, run, step);
    return c.json(presentVersion(version), isNew ? 201 : 200);
  });

  app.delete("/runs/:id", async (c) => {
    const run = await requireRun(context, c);
    if (!isTerminal(run.status))
      throw unprocessable("Run not deleted", "It has not ended. Cancel it, or wait for its end, and delete it then.");
    if (await isExample(context.db, run.id)) {
      throw unprocessable(
        "Run not deleted",
        `A model shows it as an example. DELETE /v1/models/{owner}/{name}/examples/${run.id} first.`,
      );
    }
    const freed = await measureFreed(context, () => removeData(context, [run]));
    c.header(FREES_HEADER, String(freed.bytes + freed.result));
    return c.body(null, 204);
  });

  return app;
}

/** The place in the log to go on from, in bytes: as many as the client has. */
function readFrom(c: Request<Env>): number {
  const from = Number(c.req.query("from") ?? 0);
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw badRequest("from must be a place in the log: a whole number of bytes, 0 at its beginning.");
}

/** A training that a process has, or had. */
async function requireBegunTraining(context: Context, c: Request<Env>, what: string): Promise<RunRow> {
  const run = await requireRun(context, c);
  if (run.kind !== "training")
    throw unprocessable("Not a training", `Only a training can be ${what}. Cancel a prediction instead.`);
  if (run.status === "starting") {
    throw unprocessable(
      "Nothing to keep yet",
      "This training has not begun, so it has learnt nothing yet. Wait for its first steps, or cancel it.",
    );
  }
  return run;
}
