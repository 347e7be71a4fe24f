/** The model card of a version, as far as the server reads it: all else in it is passed on as it was written. */
import { z } from "zod";

/** What it is like to ask for a picture of this model: a prompt and its seed. */
const Prompt = z.looseObject({ prompt: z.string(), seed: z.int().optional() });

export const Card = z.looseObject({
  /** Inputs of a prediction that this version recommends. */
  defaults: z.record(z.string(), z.json()).default({}),
  prompts: z.array(Prompt).max(10).default([]),
  /** How many steps of training the weights have had. */
  steps: z.int().optional(),
  /** Its weights stand in the base's place. */
  replaces_base: z.boolean().default(false),
});
export type Card = z.infer<typeof Card>;

/** A card that was checked when its version was published. */
export function readCard(json: string): Card {
  return Card.parse(JSON.parse(json));
}
