/** `/v1/models/{owner}/{name}/examples`: predictions that the model's owner shows to whoever sees it. */
import { Hono, type Context as Request } from "hono";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound, unprocessable } from "../errors.ts";
import { requireModel, requireOwnModel } from "../models/resolve.ts";
import { isVersionOfModel } from "../models/versions.ts";
import { deleteExample, listExamples, upsertExample } from "../runs/examples.ts";
import { presentExample } from "../runs/present.ts";
import { findOwnRun } from "../runs/store.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";

const PATH = "/models/:owner/:name/examples";

export function examples(context: Context): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.get(PATH, async (c) => {
    const { owner, name } = c.req.param();
    const model = await requireModel(context, c.get("account"), owner, name);
    const rows = await listExamples(db, { modelId: model.id, before: readCursor(c), limit: PAGE_SIZE + 1 });
    const origin = originOf(context, c);
    return c.json(await presentPage(context, c, rows, (row) => presentExample(context, row, origin)));
  });

  app.put(`${PATH}/:prediction`, async (c) => {
    const model = await requireOwn(c);
    const run = await findOwnRun(db, c.get("account"), c.req.param("prediction"));
    if (run === undefined || run.kind !== "prediction" || !(await isVersionOfModel(db, run.version_id, model.id))) {
      throw notFound("You have no prediction of this model with that id. Take one from GET /v1/predictions.");
    }
    if (run.status !== "succeeded") {
      throw unprocessable("Not an example", `This prediction is ${run.status}. Choose one that succeeded.`);
    }
    await upsertExample(db, { model_id: model.id, run_id: run.id, marked_at: timestamp(context) });
    return c.json(await presentExample(context, run, originOf(context, c)));
  });

  app.delete(`${PATH}/:prediction`, async (c) => {
    const model = await requireOwn(c);
    if (!(await deleteExample(db, model.id, c.req.param("prediction")))) {
      throw notFound(
        "That prediction is none of this model's examples. Look at those that there are in GET …/examples.",
      );
    }
    return c.body(null, 204);
  });

  function requireOwn(c: Request<Env>) {
    return requireOwnModel(context, c.get("account"), c.req.param("owner") ?? "", c.req.param("name") ?? "");
  }

  return app;
}
