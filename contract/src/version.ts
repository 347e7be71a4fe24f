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
