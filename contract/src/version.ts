/** An immutable version of a model: base files and weights, pinned by hash, and the schema of its inputs. */
import { z } from "zod";
import { pageOf } from "./page.ts";
import { VersionId } from "./reference.ts";

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
 * What a trained version is and how it was made, as its training wrote it. Other keys (settings, images, loss, hashes)
 * depend on the technique.
 */
export const ModelCard = z.looseObject({
  technique: z.string().optional(),
  token_strings: z.array(z.string()).default([]),
  steps: z.int().optional(),
  /** What to ask of the model first, and what came of it before it was published. */
  prompts: z
    .array(z.looseObject({ prompt: z.string(), seed: z.int().optional(), picture: z.string().nullish() }))
    .default([]),
  /** The tar of weights, as it is stored. */
  weights: z.object({ sha256: z.string(), size: z.int() }).nullish(),
});
export type ModelCard = z.infer<typeof ModelCard>;
