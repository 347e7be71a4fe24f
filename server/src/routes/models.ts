/** `/v1/models`: names under which versions are published. */
import { CreateModel, FREES_HEADER, UpdateModel } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { badRequest, conflict, HttpError, notFound, unprocessable } from "../errors.ts";
import { newInternalId } from "../ids.ts";
import { describeCard } from "../models/describe-card.ts";
import { requireModel, requireOwnModel } from "../models/resolve.ts";
import {
  deleteEmptyModel,
  insertModel,
  listVisibleModels,
  MODEL_SORTS,
  type ModelOrder,
  type ModelRow,
  updateModel,
} from "../models/store.ts";
import { findLatestVersion } from "../models/versions.ts";
import { presentCard } from "../runs/card.ts";
import { readJson } from "./body.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";
import { showModel } from "./show-model.ts";

const PATH = "/models/:owner/:name";

export function models(context: Context): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.post("/models", async (c) => {
    const { body } = await readJson(c, CreateModel);
    const account = c.get("account");
    const { owner, name, visibility, hardware, ...rest } = body;
    if (owner !== account) {
      throw new HttpError(403, `You can create models under your own account only. Name it ${account}/${name}.`, {
        title: "Not yours",
      });
    }
    const id = newInternalId();
    const created_at = timestamp(context);
    const made = await insertModel(db, { id, owner, name, visibility, hardware, ...rest, created_at });
    if (!made) {
      // Python's second client repeats a 409 unless it is told not to.
      c.header("x-should-retry", "false");
      throw conflict("A model with that name and owner already exists.");
    }
    return c.json(
      await showModel(context, await requireModel(context, account, owner, name), originOf(context, c)),
      201,
    );
  });

  app.get("/models", async (c) => {
    const filter = { account: c.get("account"), order: readOrder(c), before: readCursor(c), limit: PAGE_SIZE + 1 };
    const origin = originOf(context, c);
    return c.json(
      await presentPage(context, c, await listVisibleModels(db, filter), (row) => showModel(context, row, origin)),
    );
  });

  app.get(PATH, async (c) => {
    const { owner, name } = c.req.param();
    const model = await requireModel(context, c.get("account"), owner, name);
    return c.json(await showModel(context, model, originOf(context, c)));
  });

  app.patch(PATH, async (c) => {
    const { body } = await readJson(c, UpdateModel);
    const model = await requireOwn(c);
    const changed = Object.keys(body).length === 0 ? model : await updateModel(db, model.id, body);
    if (changed === undefined) throw notFound();
    return c.json(await showModel(context, changed, originOf(context, c)));
  });

  app.delete(PATH, async (c) => {
    const model = await requireOwn(c);
    if (await deleteEmptyModel(db, model.id, timestamp(context))) {
      // What it had was its versions', and each of them said so.
      c.header(FREES_HEADER, "0");
      return c.body(null, 204);
    }
    throw unprocessable(
      "Model not deleted",
      model.visibility === "public"
        ? `Only a private model can be deleted. PATCH ${model.owner}/${model.name} to visibility private first.`
        : "Only a model without versions can be deleted. Delete its versions first, and wait for or cancel the trainings that go to it.",
    );
  });

  app.get(`${PATH}/readme`, async (c) => {
    const { owner, name } = c.req.param();
    const model = await requireModel(context, c.get("account"), owner, name);
    const readme = model.readme ?? (await describeLatest(context, model, originOf(context, c)));
    if (readme === undefined) throw notFound("This model has no README. Ask its owner to PATCH one into it.");
    c.header("X-Content-Type-Options", "nosniff");
    return c.text(readme);
  });

  function requireOwn(c: Request<Env>): Promise<ModelRow> {
    return requireOwnModel(context, c.get("account"), c.req.param("owner") ?? "", c.req.param("name") ?? "");
  }

  return app;
}

function readOrder(c: Request<Env>): ModelOrder {
  const text = c.req.query("sort_by") ?? MODEL_SORTS[0];
  const by = MODEL_SORTS.find((sort) => sort === text);
  if (by === undefined) throw badRequest(`sort_by cannot be ${text}. Give ${MODEL_SORTS.join(" or ")}.`);
  const direction = c.req.query("sort_direction") ?? "desc";
  if (direction !== "asc" && direction !== "desc")
    throw badRequest(`sort_direction cannot be ${direction}. Give asc or desc.`);
  return { by, direction };
}

/** What the model card of the newest version says; undefined where there is none. */
async function describeLatest(context: Context, model: ModelRow, origin: string): Promise<string | undefined> {
  const latest = await findLatestVersion(context.db, model.id);
  const card = latest && (await presentCard(context, latest, origin));
  return card && describeCard(card, `${model.owner}/${model.name}`);
}
