/** How trained weights are asked for: the query of `GET /v1/models/{owner}/{name}/versions/{id}/weights`. */
import { z } from "zod";

/** `replicate` is the tar as it is stored; the others are made of it, in half precision. */
export const WeightsFormat = z.enum(["replicate", "diffusers", "kohya", "checkpoint"]);
export type WeightsFormat = z.infer<typeof WeightsFormat>;

const digits = z.string().regex(/^\d+$/, "must be a whole number");

export const WeightsQuery = z
  .object({
    format: WeightsFormat.default("replicate"),
    /** The largest LoRA file wanted, in 1,000,000 bytes. */
    max_mb: z.coerce.number("must be a number of megabytes").positive().finite().optional(),
    /** The weights as of a snapshot's step. */
    step: digits.transform(Number).optional(),
  })
  .refine(({ format, max_mb }) => max_mb === undefined || format === "diffusers" || format === "kohya", {
    path: ["max_mb"],
    message: "goes with format=diffusers and format=kohya, whose LoRA it makes smaller",
  });
export type WeightsQuery = z.infer<typeof WeightsQuery>;

/** The header that says how much a LoRA lost by being made smaller: the relative error of its change, 0 to 1. */
export const RELATIVE_ERROR_HEADER = "easel-relative-error";
