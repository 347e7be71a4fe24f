/** A prediction: one call of a version with an input. */
import { z } from "zod";
import { pageOf } from "./page.ts";
import { createRunFields, runFields } from "./run.ts";

export const Prediction = z.object({
  ...runFields,
  output: z.json(),
  deadline: z.iso.datetime().optional(),
  deployment: z.string().optional(),
});
export type Prediction = z.infer<typeof Prediction>;

export const PredictionPage = pageOf(Prediction);
export type PredictionPage = z.infer<typeof PredictionPage>;

const fields = { ...createRunFields, stream: z.boolean().optional(), lifetime: z.string().optional() };

/**
 * The body of `POST /v1/predictions`. `version` is 64 hex digits, `owner/name:version` or `owner/name`.
 * Strict: a key that is not known is refused, because it is most often an input put one level too high.
 */
export const CreatePrediction = z.strictObject({ ...fields, version: z.string().min(1) });
export type CreatePrediction = z.infer<typeof CreatePrediction>;

/** The body of `POST /v1/models/{owner}/{name}/predictions`: the path names the model. Strict as well. */
export const CreateModelPrediction = z.strictObject(fields);
export type CreateModelPrediction = z.infer<typeof CreateModelPrediction>;
