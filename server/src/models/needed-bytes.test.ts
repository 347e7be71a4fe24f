import { expect, test } from "vitest";
import { bytesNeeded } from "./needed-bytes.ts";

test.each([
  ["sdxl", "pivotal", 32, 4.29e9, 4.3e9],
  ["sdxl", "lora", 8, 1.08e9, 1.09e9],
  ["sdxl", "textual_inversion", 32, 0, 3e7],
  ["sdxl", "dreambooth", 32, 10e9, 11e9],
  ["emoji", "pivotal", 16, 5e7, 8e7],
])("a training on %s by %s at rank %d needs between %d and %d bytes", (base, technique, rank, least, most) => {
  const needed = bytesNeeded({ base, technique, rank });
  expect(needed).toBeGreaterThanOrEqual(least);
  expect(needed).toBeLessThanOrEqual(most);
});
