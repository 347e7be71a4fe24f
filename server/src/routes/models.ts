/** `/v1/models` and their versions. */
import { CreateModel } from "@easel/contract";
import { Hono } from "hono";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { conflict, HttpError } from "../errors.ts";
import { newInternalId } from "../ids.ts";
import type { Builtin } from "../models/builtin.ts";
import { presentModel, presentVersion } from "../models/present.ts";
import { requireModel, requireVersionOf } from "../models/resolve.ts";
import { insertModel, listVisibleModels, type ModelRow } from "../models/store.ts";
import { findLatestVersion, listVersions } from "../models/versions.ts";
import { countRunsOfModels } from "../runs/store.ts";
import { readJson } from "./body.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";

export function models(context: Context, builtins: Builtin[]): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.post("/models", async (c) => {
    const { body } = await readJson(c, CreateModel);
    const account = c.get("account");
    if (body.owner !== account) {
      throw new HttpError(403, `You can create models under your own account only: ${account}/${body.name}.`, {
        title: "Not yours",
      });
    }
    const {
      description = null,
      github_url = null,
      paper_url = null,
      license_url = null,
      cover_image_url = null,
    } = body;
    const links = { description, github_url, paper_url, license_url, cover_image_url };
    const { owner, name, visibility, hardware } = body;
    const row: ModelRow = {
      id: newInternalId(),
      owner,
      name,
      visibility,
      hardware,
      ...links,
      created_at: timestamp(context),
    };
    if (!(await insertModel(db, row))) {
      // Python's second client repeats a 409 unless it is told not to.
      c.header("x-should-retry", "false");
      throw conflict("A model with that name and owner already exists.");
    }
    return c.json(presentModel(row, { origin: originOf(context, c), latest: undefined, runCount: 0 }), 201);
  });

  app.get("/models", async (c) => {
    const rows = await listVisibleModels(db, {
      account: c.get("account"),
      before: readCursor(c),
      limit: PAGE_SIZE + 1,
    });
    const counts = await countRunsOfModels(
      db,
      rows.map((row) => row.id),
    );
    const latest = new Map(
      await Promise.all(rows.map(async (row) => [row.id, await findLatestVersion(db, row.id)] as const)),
    );
    const origin = originOf(context, c);
    return c.json(
      presentPage(context, c, rows, (row) =>
        presentModel(row, { origin, latest: latest.get(row.id), runCount: counts.get(row.id) ?? 0 }),
      ),
    );
  });

  app.get("/models/:owner/:name", async (c) => {
    const model = await requireModel(context, c.get("account"), c.req.param("owner"), c.req.param("name"));
    const counts = await countRunsOfModels(db, [model.id]);
    const latest = await findLatestVersion(db, model.id);
    return c.json(presentModel(model, { origin: originOf(context, c), latest, runCount: counts.get(model.id) ?? 0 }));
  });

  app.get("/models/:owner/:name/versions", async (c) => {
    const model = await requireModel(context, c.get("account"), c.req.param("owner"), c.req.param("name"));
    const rows = await listVersions(db, { modelId: model.id, before: readCursor(c), limit: PAGE_SIZE + 1 });
    return c.json(presentPage(context, c, rows, presentVersion));
  });

  app.get("/models/:owner/:name/versions/:version", async (c) => {
    const { owner, name, version: id } = c.req.param();
    const { version, versionAsked } = await requireVersionOf(context, builtins, {
      account: c.get("account"),
      owner,
      name,
      id,
    });
    return c.json({ ...presentVersion(version), id: versionAsked });
  });

  return app;
}
