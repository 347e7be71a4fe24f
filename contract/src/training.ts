/** A training: a run whose result is a new version of the destination model. */
import { z } from "zod";
import { pageOf } from "./page.ts";
import { createRunFields, runFields } from "./run.ts";

/**
 * `version` is `owner/name:64hex`; `weights` is where the trained file can be fetched; `step` is the training step that it came
 * from, where the model says so. Replicate's clients pass `step` over.
 */
export const TrainingResult = z.object({ version: z.string(), weights: z.string(), step: z.int().optional() });
export type TrainingResult = z.infer<typeof TrainingResult>;

/** `model` and `version` are what was trained on; `destination` is `owner/name` of the model that gets the version. */
export const Training = z.object({
  ...runFields,
  destination: z.string(),
  output: TrainingResult.nullable().default(null),
});
export type Training = z.infer<typeof Training>;
/** A training as it is sent: what there is not yet is left out. */
export type SentTraining = z.input<typeof Training>;

export const TrainingPage = pageOf(Training);
export type TrainingPage = z.infer<typeof TrainingPage>;

/**
 * The body of `POST /v1/models/{owner}/{name}/versions/{version}/trainings`.
 * Unknown keys are passed over: Replicate's own command line sends `version` again.
 */
export const CreateTraining = z.object({ ...createRunFields, destination: z.string().min(1) });
export type CreateTraining = z.infer<typeof CreateTraining>;
