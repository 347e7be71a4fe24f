/** A version's model card: where it is found, and how it is read. */
import { ModelCard } from "@easel/contract";

/** In a tar of weights, and among the files that a training reports. */
export const CARD_NAME = "model_card.json";
export const CARD_BYTES_MAX = 4_000_000;

/** A card that was checked when its version was published. */
export function readCard(json: string): ModelCard {
  return ModelCard.parse(JSON.parse(json));
}
