/** `/v1/preflight`: what a training would make of an archive. */
import { PreflightRequest, parseReference } from "@easel/contract";
import { Hono } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { invalidInput, notFound, unprocessable } from "../errors.ts";
import { fetchFile } from "../fetch/file.ts";
import { FetchRefused } from "../fetch/refusal.ts";
import type { Builtin } from "../models/builtin.ts";
import { requireLatestVersion, requireModel } from "../models/resolve.ts";
import { canTrain, parseSchema, type VersionSchema } from "../models/schema.ts";
import { preflight, settingsOf } from "../preflight/preflight.ts";
import { takeFile } from "../runs/input-files.ts";
import { CREATE_BYTES_MAX, readJson } from "./body.ts";

export function preflights(context: Context, builtins: Builtin[]): Hono<Env> {
  const app = new Hono<Env>();

  app.post("/preflight", async (c) => {
    const { body } = await readJson(c, PreflightRequest, CREATE_BYTES_MAX);
    const account = c.get("account");
    const { model = `${builtins[0]?.owner}/${builtins[0]?.name}`, input_images, ...given } = body;
    const schema = await requireTrainable(context, account, model);
    const sha256 = await requireArchive(context, account, input_images);
    return c.json(await preflight(context, sha256, settingsOf(schema, given)));
  });

  return app;
}

/** The archive's blob, fetched where it is elsewhere. Throws 422. */
async function requireArchive(context: Context, account: string, url: string): Promise<string> {
  const found = await takeFile(context, account, "input_images", url);
  if (found !== "elsewhere") return found.sha256;
  try {
    return (await fetchFile(context, { url, isArchive: true, signal: context.stopping })).sha256;
  } catch (error) {
    if (!(error instanceof FetchRefused)) throw error;
    throw invalidInput([{ type: "fetch", field: "input_images", description: error.message }]);
  }
}

/** The schema of the model's newest version. Throws 404, or 422 where it cannot be trained. */
async function requireTrainable(context: Context, account: string, text: string): Promise<VersionSchema> {
  const reference = parseReference(text);
  if (reference === undefined) throw notFound(`There is no model ${text}. Name one as owner/name.`);
  const model = await requireModel(context, account, reference.owner, reference.name);
  const schema = parseSchema((await requireLatestVersion(context, model)).version.schema);
  if (canTrain(schema)) return schema;
  throw unprocessable("Not trainable", `${text} cannot be trained. Name a base such as easel/emoji.`);
}
