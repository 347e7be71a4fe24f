/** How many bytes a training may come to have on the disk, before it starts. A pure function of its settings and its base. */

/** How many numbers a base's networks have. */
interface BaseSize {
  /** A LoRA of rank 1 on the UNet's attention, and what its feed-forward layers add. */
  perRank: number;
  perRankFeedForward: number;
  unet: number;
  textEncoders: number;
}

/** Counted on the networks themselves; whatever is not the embedded base is SDXL. */
const SIZES: Record<string, BaseSize> = {
  emoji: { perRank: 33_920, perRankFeedForward: 26_880, unet: 14_630_792, textEncoders: 3_728_576 },
};
const SDXL: BaseSize = {
  perRank: 1_451_520,
  perRankFeedForward: 1_164_800,
  unet: 2_567_463_684,
  textEncoders: 817_720_320,
};

export interface TrainingToFit {
  base: string;
  technique: string;
  /** Of the LoRA, and whether it stands beside the feed-forward layers too. */
  rank: number;
  hasFeedForward: boolean;
  movesTextEncoders: boolean;
  isAveraged: boolean;
  steps: number;
  checkpointingSteps: number;
}

/** As models/sdxl/snapshots.py keeps them: ten, or as often as states where their number was given, in so many bytes. */
const SNAPSHOTS = 10;
const SNAPSHOTS_LEAST = 2;
const SNAPSHOTS_BYTES_MAX = 20_000_000_000;
/** The best so far, where it is none of those that stay, and a better one while it is written; then what is published. */
const BESTS = 3;
/** As models/sdxl/keeping.py: "Easel decides". */
const NO_NUMBER_GIVEN = 999_999;
/** The newest two states lie there, and a third while it is written, unless they are as large as this. */
const STATES = 3;
const STATES_LARGE = 2;
const STATE_LARGE_BYTES = 10_000_000_000;
/** Values in single precision: the parameter and AdamW's two moments, and the running mean where there is one. */
const STATE_BYTES = 12;
const MEAN_BYTES = 4;
const LORA_BYTES = 4;
/** Whole networks are written in half precision. */
const WHOLE_BYTES = 2;
/** Log, samples, the prepared archive, pictures, words. */
const BESIDES_BYTES = 20_000_000;
/** What stays free for the database and for whatever else is at work. */
export const RESERVE_BYTES = 1_000_000_000;

export function bytesNeeded(training: TrainingToFit): number {
  if (training.technique === "textual_inversion") return BESIDES_BYTES;
  const numbers = countMoving(training);
  const isWhole = training.technique === "dreambooth";
  const written = numbers * (isWhole ? WHOLE_BYTES : LORA_BYTES);
  const state = numbers * (STATE_BYTES + (training.isAveraged ? MEAN_BYTES : 0));
  return BESIDES_BYTES + written * (countSnapshots(training, written) + BESTS) + state * countStates(training, state);
}

function countMoving({ base, technique, rank, hasFeedForward, movesTextEncoders }: TrainingToFit): number {
  const size = SIZES[base] ?? SDXL;
  if (technique === "dreambooth") return size.unet + (movesTextEncoders ? size.textEncoders : 0);
  return rank * (size.perRank + (hasFeedForward ? size.perRankFeedForward : 0));
}

function countSnapshots({ steps, checkpointingSteps }: TrainingToFit, bytesEach: number): number {
  const asked = checkpointingSteps === NO_NUMBER_GIVEN ? 0 : Math.ceil(steps / checkpointingSteps);
  const most = Math.max(SNAPSHOTS_LEAST, Math.floor(SNAPSHOTS_BYTES_MAX / bytesEach));
  return Math.min(most, Math.max(SNAPSHOTS, asked));
}

/** None where the first one would come after the last step. */
function countStates({ steps, checkpointingSteps }: TrainingToFit, bytesEach: number): number {
  const most = bytesEach > STATE_LARGE_BYTES ? STATES_LARGE : STATES;
  return checkpointingSteps === NO_NUMBER_GIVEN ? most : Math.min(most, Math.floor(steps / checkpointingSteps));
}
