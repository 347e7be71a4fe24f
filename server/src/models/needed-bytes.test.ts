import { expect, test } from "vitest";
import { bytesNeeded, type TrainingToFit } from "./needed-bytes.ts";

const USUAL: TrainingToFit = {
  base: "sdxl",
  technique: "pivotal",
  rank: 32,
  hasFeedForward: false,
  movesTextEncoders: false,
  isAveraged: true,
  steps: 1000,
  checkpointingSteps: 999_999,
};
const DREAMBOOTH = { technique: "dreambooth" };

test.each<[string, Partial<TrainingToFit>, number, number]>([
  ["pivotal", {}, 4.6e9, 4.7e9],
  ["a LoRA of rank 8", { technique: "lora", rank: 8 }, 1.15e9, 1.2e9],
  ["a LoRA on the feed-forward layers too", { technique: "lora", hasFeedForward: true }, 8.3e9, 8.5e9],
  ["as many snapshots as there are states, within their 20 GB", { checkpointingSteps: 1 }, 22.6e9, 22.8e9],
  ["textual inversion", { technique: "textual_inversion" }, 0, 3e7],
  // Three snapshots of 5.1 GB and three times the best, two states of 41 GB.
  ["DreamBooth", DREAMBOOTH, 112e9, 114e9],
  // Two snapshots of 6.8 GB and three times the best, two states of 54 GB.
  ["DreamBooth with text encoders", { ...DREAMBOOTH, movesTextEncoders: true }, 141e9, 143e9],
  ["without the running mean", { ...DREAMBOOTH, movesTextEncoders: true, isAveraged: false }, 114e9, 116e9],
  ["without states", { ...DREAMBOOTH, movesTextEncoders: true, checkpointingSteps: 1001 }, 33e9, 35e9],
  ["with one state", { ...DREAMBOOTH, checkpointingSteps: 900 }, 71e9, 73e9],
  ["pivotal on the embedded base", { base: "emoji", rank: 16 }, 5e7, 8e7],
])("%s needs what its snapshots and states come to", (_what, change, least, most) => {
  const needed = bytesNeeded({ ...USUAL, ...change });
  expect(needed).toBeGreaterThanOrEqual(least);
  expect(needed).toBeLessThanOrEqual(most);
});
