/** How many bytes a training will write at least, before it starts. A pure function of its settings and its base. */

/** Of a base's UNet: the numbers that a LoRA of rank 1 on its attention has, and all that it has. */
export interface BaseSize {
  perRank: number;
  whole: number;
}

/** Counted on the networks themselves; whatever is not the embedded base is SDXL. */
const SIZES: Record<string, BaseSize> = { emoji: { perRank: 33_920, whole: 14_630_792 } };
const SDXL: BaseSize = { perRank: 1_451_520, whole: 2_567_463_684 };

const SNAPSHOTS = 10;
/** The newest two states lie there, and a third while it is written. */
const STATES = 3;
/** Values in single precision: the parameter, AdamW's two moments, and the running mean. */
const STATE_BYTES = 16;
const LORA_BYTES = 4;
/** A whole UNet is written in half precision, and no snapshot is kept of it. */
const WHOLE_BYTES = 2;
/** Log, samples, the prepared archive, pictures. */
const BESIDES_BYTES = 20_000_000;
/** What stays free for the database and for whatever else is at work. */
export const RESERVE_BYTES = 1_000_000_000;

export function bytesNeeded(training: { base: string; technique: string; rank: number }): number {
  const { perRank, whole } = SIZES[training.base] ?? SDXL;
  switch (training.technique) {
    case "dreambooth":
      return BESIDES_BYTES + 2 * WHOLE_BYTES * whole;
    case "textual_inversion":
      return BESIDES_BYTES;
    default:
      return BESIDES_BYTES + perRank * training.rank * (LORA_BYTES * (SNAPSHOTS + 1) + STATE_BYTES * STATES);
  }
}
