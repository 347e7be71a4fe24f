/** What a fine-tune can start from, and what refines its pictures, as `GET /v1/bases` lists it. */
import { z } from "zod";

export const Base = z.object({
  name: z.string(),
  /** The model that is trained and drawn with on it; null of a refiner, which goes over the pictures of another base. */
  model: z.string().nullable(),
  title: z.string(),
  needs: z.enum(["cpu", "gpu"]),
  installed: z.boolean(),
  /** Where it is on the server's machine, and how many bytes its files have; null where that is not known. */
  path: z.string().nullable(),
  bytes: z.int().nullable(),
  /** Files that were there and are gone. */
  missing: z.array(z.string()),
  /** What to do where it is not installed. */
  fix: z.string().nullable(),
});
export type Base = z.infer<typeof Base>;

export const BaseList = z.object({ results: z.array(Base) });
export type BaseList = z.infer<typeof BaseList>;
