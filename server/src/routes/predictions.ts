/** `/v1/predictions`, and predictions by model. Trainings answer here too: they share the space of ids. */
import { CreateModelPrediction, CreatePrediction } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { badRequest, notFound } from "../errors.ts";
import type { Builtin } from "../models/builtin.ts";
import { requireLatestVersion, requireModel, resolveReference } from "../models/resolve.ts";
import { cancelRun } from "../runs/cancel.ts";
import { presentAny, presentPrediction } from "../runs/present.ts";
import { findOwnRun, listRuns, type RunRow } from "../runs/store.ts";
import { CREATE_BYTES_MAX, readJson } from "./body.ts";
import { answerPrediction } from "./create-prediction.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";

export function predictions(context: Context, builtins: Builtin[]): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.post("/predictions", async (c) => {
    const given = await readJson(c, CreatePrediction, CREATE_BYTES_MAX);
    const named = await resolveReference(context, builtins, c.get("account"), given.body.version);
    return answerPrediction(context, c, given, named);
  });

  app.post("/models/:owner/:name/predictions", async (c) => {
    const given = await readJson(c, CreateModelPrediction, CREATE_BYTES_MAX);
    const model = await requireModel(context, c.get("account"), c.req.param("owner"), c.req.param("name"));
    return answerPrediction(context, c, given, await requireLatestVersion(context, model));
  });

  app.get("/predictions", async (c) => {
    const filter = {
      account: c.get("account"),
      kind: "prediction",
      before: readCursor(c),
      limit: PAGE_SIZE + 1,
      createdAfter: readTime(c, "created_after"),
      createdBefore: readTime(c, "created_before"),
      source: readSource(c),
    } as const;
    const rows = await listRuns(db, filter);
    const showing = { origin: originOf(context, c), inline: false };
    return c.json(await presentPage(context, c, rows, (row) => presentPrediction(context, row, showing)));
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

/** A time in the query, as rows hold it. Throws 400. */
function readTime(c: Request<Env>, name: string): string | undefined {
  const text = c.req.query(name);
  if (text === undefined || text === "") return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw badRequest(`${name} must be a time in ISO 8601, such as 2026-01-31T12:00:00Z.`);
}

function readSource(c: Request<Env>): "api" | "web" | undefined {
  const text = c.req.query("source");
  if (text === undefined || text === "api" || text === "web") return text;
  throw badRequest("source cannot be that. Give web or api.");
}
