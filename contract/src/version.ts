/** An immutable version of a model: base files and weights, pinned by hash, and the schema of its inputs. */
import { z } from "zod";
import { pageOf } from "./page.ts";
import { RunId, VersionId } from "./reference.ts";

/** An OpenAPI 3.0 document; `components.schemas` holds `Input`, `Output` and, where it can be trained, `TrainingInput`. */
export const OpenApiSchema = z.record(z.string(), z.json());
export type OpenApiSchema = z.infer<typeof OpenApiSchema>;

export const Version = z.object({
  id: VersionId,
  created_at: z.iso.datetime(),
  cog_version: z.string(),
  openapi_schema: OpenApiSchema,
});
export type Version = z.infer<typeof Version>;

/** The body of `POST /v1/models/{owner}/{name}/versions`: a Cog model's folder, by its absolute path on the server's machine. */
export const CreateVersion = z.strictObject({ folder: z.string().min(1).max(4096) });
export type CreateVersion = z.infer<typeof CreateVersion>;

export const VersionPage = pageOf(Version);
export type VersionPage = z.infer<typeof VersionPage>;

/**
 * What a trained version is and how it was made, as its training wrote it; other keys depend on the model. What only
 * describes, and has another form than Easel's own trainer gives it, is passed over: a training is not lost over it.
 */
export const ModelCard = z.looseObject({
  technique: z.string().optional(),
  token_strings: z.array(z.string()).default([]),
  /** Token strings that have no rows of their own, with the words as which prompts are read where they stand. */
  read_as: z.record(z.string(), z.string()).catch({}),
  /** How many steps of training the weights have had. */
  steps: z.int().optional(),
  /** What to ask of the model first, and what came of it before it was published. */
  prompts: z
    .array(z.looseObject({ prompt: z.string(), seed: z.int().optional(), picture: z.string().nullish() }))
    .max(10)
    .default([]),
  /** Inputs of a prediction that this version recommends. */
  defaults: z.record(z.string(), z.json()).default({}),
  /** Its weights stand in the base's place. */
  replaces_base: z.boolean().default(false),
  /** The tar of weights, as it is stored. */
  weights: z.object({ sha256: z.string(), size: z.int() }).nullish(),
  /** The id of the training that it comes from; for the model's owner alone. */
  training: RunId.nullish(),
  base: z.looseObject({ name: z.string(), sha256: z.string() }).optional().catch(undefined),
  /** How many of the captions hold a token string. */
  trigger: z.looseObject({ present: z.number(), total: z.number() }).optional().catch(undefined),
  /** The snapshot that these weights are, and why it: `by` names the account where a person chose it. */
  chosen: z.looseObject({ step: z.int(), reason: z.string(), by: z.string().optional() }).optional().catch(undefined),
  /** The training's inputs, defaults filled in. */
  settings: z.record(z.string(), z.json()).catch({}),
  images: z.array(z.looseObject({ name: z.string(), caption: z.string() })).catch([]),
  /** Points of the curve: a step, and the mean loss up to it. */
  loss: z.array(z.tuple([z.number(), z.number()])).catch([]),
  libraries: z.record(z.string(), z.string()).catch({}),
  /** SHA-256 by name of what the tar holds. */
  files: z.record(z.string(), z.string()).catch({}),
});
export type ModelCard = z.infer<typeof ModelCard>;
