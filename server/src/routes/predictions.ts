/** `/v1/predictions`, and predictions by model. Trainings answer here too: they share the space of ids. */
import { CreateModelPrediction, CreatePrediction, isTerminal } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";
import type { Builtin } from "../models/builtin.ts";
import { type Named, requireLatestVersion, requireModel, resolveReference } from "../models/resolve.ts";
import { cancelRun } from "../runs/cancel.ts";
import { createPrediction } from "../runs/create.ts";
import { presentAny, presentPrediction } from "../runs/present.ts";
import { findOwnRun, listRuns, type RunRow } from "../runs/store.ts";
import { readWish } from "../webhooks/wish.ts";
import { noteAnswer } from "./answered.ts";
import { CREATE_BYTES_MAX, readJson } from "./body.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";
import { readPreference, waitForEnd } from "./wait.ts";

export function predictions(context: Context, builtins: Builtin[]): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.post("/predictions", async (c) => {
    const { text, body } = await readJson(c, CreatePrediction, CREATE_BYTES_MAX);
    return create(c, text, body, await resolveReference(context, builtins, c.get("account"), body.version));
  });

  app.post("/models/:owner/:name/predictions", async (c) => {
    const { text, body } = await readJson(c, CreateModelPrediction, CREATE_BYTES_MAX);
    const model = await requireModel(context, c.get("account"), c.req.param("owner"), c.req.param("name"));
    return create(c, text, body, await requireLatestVersion(context, model));
  });

  async function create(
    c: Request<Env>,
    text: string,
    body: CreateModelPrediction,
    { model, version, versionAsked }: Named,
  ) {
    const seconds = readPreference(c);
    const origin = originOf(context, c);
    const run = await createPrediction(context, {
      account: c.get("account"),
      tokenHash: c.get("tokenHash"),
      path: c.req.path,
      body: text,
      input: body.input,
      version,
      modelAsked: `${model.owner}/${model.name}`,
      versionAsked,
      inlineOutput: seconds !== undefined,
      webhook: readWish(context, body, origin),
    });
    noteAnswer(context, c, run.id);
    if (seconds === undefined) return c.json(await presentPrediction(context, run, { origin, inline: true }), 201);
    const ended = await waitForEnd(context, run, seconds, c.req.raw.signal);
    c.header("Preference-Applied", `wait=${seconds}`);
    if (isTerminal(ended.status)) return c.json(await presentPrediction(context, ended, { origin, inline: true }), 201);
    // Clients take "processing" for finished, so a run that is not over yet is shown as it was when it was made.
    return c.json(
      { ...(await presentPrediction(context, ended, { origin, inline: true })), status: "starting", output: null },
      202,
    );
  }

  app.get("/predictions", async (c) => {
    const filter = {
      account: c.get("account"),
      kind: "prediction",
      before: readCursor(c),
      limit: PAGE_SIZE + 1,
    } as const;
    const rows = await listRuns(db, filter);
    const showing = { origin: originOf(context, c), inline: false };
    const shown = new Map(
      await Promise.all(rows.map(async (row) => [row.id, await presentPrediction(context, row, showing)] as const)),
    );
    return c.json(presentPage(context, c, rows, (row) => shown.get(row.id)));
  });

  app.get("/predictions/:id", async (c) => {
    const run = await requireRun(context, c);
    return c.json(await presentAny(context, run, { origin: originOf(context, c), inline: true }));
  });

  app.post("/predictions/:id/cancel", async (c) => {
    const run = await cancelRun(context, await requireRun(context, c));
    return c.json(await presentAny(context, run, { origin: originOf(context, c), inline: true }));
  });

  return app;
}

/** The caller's run that the path names. Throws 404. */
export async function requireRun(context: Context, c: Request<Env>): Promise<RunRow> {
  const run = await findOwnRun(context.db, c.get("account"), c.req.param("id") ?? "");
  if (run === undefined) throw notFound();
  return run;
}
