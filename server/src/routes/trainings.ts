/** `/v1/trainings`, and their create under the version that is trained. */
import { CreateTraining, parseReference } from "@easel/contract";
import { Hono } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";
import type { Builtin } from "../models/builtin.ts";
import { requireModel, requireVersion } from "../models/resolve.ts";
import { findVisibleModel, type ModelRow } from "../models/store.ts";
import { cancelRun } from "../runs/cancel.ts";
import { createTraining } from "../runs/create.ts";
import { presentTraining } from "../runs/present.ts";
import { listRuns } from "../runs/store.ts";
import { readWish } from "../webhooks/wish.ts";
import { noteAnswer } from "./answered.ts";
import { CREATE_BYTES_MAX, readJson } from "./body.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";
import { requireRun } from "./predictions.ts";
import { sentCreate } from "./sent-create.ts";

export function trainings(context: Context, builtins: Builtin[]): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.post("/models/:owner/:name/versions/:version/trainings", async (c) => {
    const { text, body } = await readJson(c, CreateTraining, CREATE_BYTES_MAX);
    const account = c.get("account");
    const model = await requireModel(context, account, c.req.param("owner"), c.req.param("name"));
    const { version, versionAsked } = await requireVersion(context, builtins, model, c.req.param("version"));
    const destination = await requireDestination(context, account, body.destination);
    const request = {
      ...sentCreate(c, text),
      input: body.input,
      version,
      modelAsked: `${model.owner}/${model.name}`,
      versionAsked,
      inlineOutput: false,
      webhook: readWish(context, body, originOf(context, c)),
    };
    const run = await createTraining(context, request, destination);
    noteAnswer(context, c, run.id);
    return c.json(await presentTraining(context, run, { origin: originOf(context, c), inline: false }), 201);
  });

  app.get("/trainings", async (c) => {
    const rows = await listRuns(db, {
      account: c.get("account"),
      kind: "training",
      before: readCursor(c),
      limit: PAGE_SIZE + 1,
    });
    const showing = { origin: originOf(context, c), inline: false };
    return c.json(await presentPage(context, c, rows, (row) => presentTraining(context, row, showing)));
  });

  app.get("/trainings/:id", async (c) => {
    const run = await requireRun(context, c);
    if (run.kind !== "training") throw notFound();
    return c.json(await presentTraining(context, run, { origin: originOf(context, c), inline: false }));
  });

  app.post("/trainings/:id/cancel", async (c) => {
    const run = await requireRun(context, c);
    if (run.kind !== "training") throw notFound();
    return c.json(
      await presentTraining(context, await cancelRun(context, run), { origin: originOf(context, c), inline: false }),
    );
  });

  return app;
}

/** The caller's own model that the new version goes to. Throws Replicate's 404. */
async function requireDestination(context: Context, account: string, text: string): Promise<ModelRow> {
  const reference = parseReference(text);
  const model = reference && (await findVisibleModel(context.db, account, reference.owner, reference.name));
  if (model === undefined || model.owner !== account)
    throw notFound("The specified training destination does not exist");
  return model;
}
