/** The models that Easel brings along. Their version ids are constants, the same on every machine. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, ROOT } from "../config.ts";
import { type Context, timestamp } from "../context.ts";
import { unprocessable } from "../errors.ts";
import { sha256Hex } from "../ids.ts";
import { findVisibleModel, insertModel } from "./store.ts";
import { upsertBuiltinVersion } from "./versions.ts";

export interface Builtin {
  owner: string;
  name: string;
  description: string;
  /** The folder of its functions, and the base they load. */
  program: string;
  base: string | null;
  /** The committed schema, a path in the checkout. */
  schema: string;
  needs: "cpu" | "gpu";
  versionId: string;
  /** Ids under which Replicate knows the same model. */
  aliases: string[];
}

export const BUILTINS: Builtin[] = [
  {
    owner: "easel",
    name: "emoji",
    description:
      "SDXL's architecture at 22 million parameters, trained on open emoji art: fine-tune it on any CPU in a minute.",
    program: "models/sdxl",
    base: "emoji",
    schema: "bases/emoji/openapi.json",
    needs: "cpu",
    versionId: sha256Hex("easel/emoji 1"),
    aliases: [],
  },
  {
    owner: "easel",
    name: "prepare",
    description:
      "What a training does first, by itself: an archive of images in; squares, masks, captions and every decision out.",
    program: "models/prepare",
    base: null,
    schema: "models/prepare/openapi.json",
    needs: "cpu",
    versionId: sha256Hex("easel/prepare 1"),
    aliases: [],
  },
  {
    owner: "stability-ai",
    name: "sdxl",
    description: "A text-to-image generative AI model that creates beautiful images",
    program: "models/sdxl",
    base: "sdxl",
    schema: "bases/sdxl/openapi.json",
    needs: "gpu",
    versionId: "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc",
    aliases: ["39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"],
  },
];

/** The version that an id asked for stands for: itself, or the built-in one that Replicate's public id means. */
export function resolveVersionId(builtins: Builtin[], id: string): string {
  return builtins.find((builtin) => builtin.aliases.includes(id))?.versionId ?? id;
}

/** Puts the built-in models and versions into the database; at each start, so that they follow the checkout. */
export async function ensureBuiltins(context: Context, builtins: Builtin[]): Promise<void> {
  const created_at = timestamp(context);
  for (const builtin of builtins) {
    const { owner, name, description } = builtin;
    const id = sha256Hex(`model ${owner}/${name}`).slice(0, 24);
    const hardware = builtin.needs === "cpu" ? "cpu" : "gpu";
    await insertModel(context.db, { id, owner, name, description, visibility: "public", hardware, created_at });
    const model = await findVisibleModel(context.db, owner, owner, name);
    if (model === undefined) throw new Error(`The built-in model ${owner}/${name} could not be stored.`);
    await upsertBuiltinVersion(context.db, {
      id: builtin.versionId,
      model_id: model.id,
      program: builtin.program,
      base: builtin.base,
      schema: JSON.stringify(JSON.parse(readFileSync(join(ROOT, builtin.schema), "utf8"))),
      created_at,
    });
  }
}

/** The folder of a base's defaults, and of its weights where they are embedded. */
export function baseFolder(base: string): string {
  return join(ROOT, "bases", base);
}

/** Throws a 422 that names the setting when the base's weights are not on this machine. */
export function requireBase(config: Config, base: string | null): void {
  if (base !== "sdxl" || (config.sdxlBase !== undefined && existsSync(config.sdxlBase))) return;
  const found = config.sdxlBase === undefined ? "this machine has none" : `there is nothing at ${config.sdxlBase}`;
  throw unprocessable(
    "Base not installed",
    `stability-ai/sdxl needs the weights of SDXL base 1.0, and ${found}. Set EASEL_SDXL_BASE to their folder ` +
      "(as diffusers saves it) and start the server again. easel/emoji needs no download.",
  );
}
