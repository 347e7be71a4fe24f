/** The models that Easel brings along. Their version ids are constants, the same on every machine. */
import { createReadStream, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../config.ts";
import { type Context, timestamp } from "../context.ts";
import { sha256Hex } from "../ids.ts";
import { readCard } from "./card.ts";
import { parseSchema, trainedSchema } from "./schema.ts";
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
  /** What was trained into it. */
  trained?: Trained;
}

/** A folder of the checkout with `trained_model.tar`, `model_card.json`, and a picture of each of the card's prompts. */
interface Trained {
  folder: string;
  sha256: string;
  parentId: string;
}

const EMOJI_ID = sha256Hex("easel/emoji 1");
/** Of examples/emoji-3d, which examples/make_emoji_3d.py makes. */
const EMOJI_3D = {
  folder: "examples/emoji-3d",
  sha256: "6619915a7fc9bf6fbdbcea0ec38483c2f5facfa60dad33d34b075ad19ebd4227",
  parentId: EMOJI_ID,
};

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
    versionId: EMOJI_ID,
    aliases: [],
  },
  {
    owner: "easel",
    name: "emoji-3d",
    description: "A fine-tune of easel/emoji on sixteen 3D emoji, to run before anything of yours is trained.",
    program: "models/sdxl",
    base: "emoji",
    schema: "bases/emoji/openapi.json",
    needs: "cpu",
    versionId: sha256Hex(`${EMOJI_3D.parentId} ${EMOJI_3D.sha256} easel/emoji-3d`),
    aliases: [],
    trained: EMOJI_3D,
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
    const schema = JSON.parse(readFileSync(join(ROOT, builtin.schema), "utf8"));
    await upsertBuiltinVersion(context.db, {
      id: builtin.versionId,
      model_id: model.id,
      program: builtin.program,
      base: builtin.base,
      ...(builtin.trained === undefined
        ? { schema: JSON.stringify(schema) }
        : await takeTrained(context, builtin.trained, schema)),
      created_at,
    });
  }
}

/** Stores the weights that come with the checkout. Throws where they are not those that the version's id pins. */
async function takeTrained(context: Context, { folder, sha256, parentId }: Trained, schema: unknown) {
  const path = join(ROOT, folder, "trained_model.tar");
  if (!(await context.blobs.has(sha256))) {
    const blob = await context.blobs.write(createReadStream(path), Number.POSITIVE_INFINITY);
    if (blob.sha256 !== sha256) throw new Error(`${path} is damaged. Bring it back: git checkout -- ${folder}`);
  }
  const card = readFileSync(join(ROOT, folder, "model_card.json"), "utf8");
  return {
    parent_id: parentId,
    schema: JSON.stringify(trainedSchema(parseSchema(JSON.stringify(schema)), readCard(card).defaults)),
    card,
    weights_sha256: sha256,
    weights_size: statSync(path).size,
  };
}
