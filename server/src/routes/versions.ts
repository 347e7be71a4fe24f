/** `/v1/models/{owner}/{name}/versions`: what a model was at each time. */
import { CreateVersion, FREES_HEADER } from "@easel/contract";
import { Hono } from "hono";
import { requireOperator } from "../auth.ts";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound, unprocessable } from "../errors.ts";
import { sha256Hex } from "../ids.ts";
import type { Builtin } from "../models/builtin.ts";
import { keepFolder } from "../models/own.ts";
import { presentVersion } from "../models/present.ts";
import { requireModel, requireOwnModel, requireVersion, requireVersionOf } from "../models/resolve.ts";
import { deleteUnusedVersion, ensureVersion, listVersions } from "../models/versions.ts";
import { describeProgram } from "../processes/describe.ts";
import { presentCard } from "../runs/card.ts";
import { measureFreed } from "../space/frees.ts";
import { readJson } from "./body.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";

const PATH = "/models/:owner/:name/versions";

export function versions(context: Context, builtins: Builtin[]): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.get(PATH, async (c) => {
    const { owner, name } = c.req.param();
    const model = await requireModel(context, c.get("account"), owner, name);
    const rows = await listVersions(db, { modelId: model.id, before: readCursor(c), limit: PAGE_SIZE + 1 });
    return c.json(await presentPage(context, c, rows, presentVersion));
  });

  // Runs the folder's code with the server's own rights, as its predictions will.
  app.post(PATH, async (c) => {
    requireOperator(context, c);
    const { owner, name } = c.req.param();
    const model = await requireOwnModel(context, c.get("account"), owner, name);
    const { body } = await readJson(c, CreateVersion);
    const { program, description } = await keepFolder(context, body.folder, (kept) => describeProgram(context, kept));
    const { schema, needs } = description;
    const version = await ensureVersion(db, {
      id: sha256Hex(`${model.id} ${program}`),
      model_id: model.id,
      program,
      needs,
      schema: JSON.stringify(schema),
      created_at: timestamp(context),
    });
    return c.json(presentVersion(version), 201);
  });

  app.get(`${PATH}/:version`, async (c) => {
    const { owner, name, version: id } = c.req.param();
    const path = { account: c.get("account"), owner, name, id };
    const { version, versionAsked } = await requireVersionOf(context, builtins, path);
    return c.json({ ...presentVersion(version), id: versionAsked });
  });

  app.get(`${PATH}/:version/card`, async (c) => {
    const { owner, name, version: id } = c.req.param();
    const path = { account: c.get("account"), owner, name, id };
    const { version, model } = await requireVersionOf(context, builtins, path);
    const card = await presentCard(context, version, originOf(context, c));
    if (card === undefined) {
      throw notFound("This version was not trained here, so it has no model card. Look at its openapi_schema.");
    }
    const training = model.owner === path.account ? (version.training_id ?? version.snapshot_of) : null;
    return c.json({ ...card, training });
  });

  // Replicate answers 202; Python's first client takes nothing but 204 for done.
  app.delete(`${PATH}/:version`, async (c) => {
    const { owner, name, version: id } = c.req.param();
    const model = await requireOwnModel(context, c.get("account"), owner, name);
    const { version } = await requireVersion(context, builtins, model, id);
    if (model.visibility === "public") {
      throw unprocessable(
        "Version not deleted",
        `Only versions of a private model can be deleted. PATCH ${owner}/${name} to visibility private first.`,
      );
    }
    const freed = await measureFreed(context, () => deleteUnusedVersion(db, version.id, timestamp(context)));
    if (freed.result) {
      c.header(FREES_HEADER, String(freed.bytes));
      return c.body(null, 204);
    }
    throw unprocessable(
      "Version in use",
      "A deployment is pinned to this version, or runs of it have not ended. Change or delete the deployment, and wait for or cancel the runs.",
    );
  });

  return app;
}
