import { Training } from "@easel/contract";
import { expect, test } from "vitest";
import { estimate } from "./estimate.ts";

const DEFAULTS = { steps: 200, batch: 4, resolution: 128 };

function training(seconds: number, input: Record<string, number>, status = "succeeded"): Training {
  return Training.parse({
    id: "0".repeat(26),
    model: "easel/emoji",
    version: "v",
    input,
    error: null,
    status,
    logs: "",
    metrics: { predict_time: seconds },
    source: "api",
    created_at: "2026-11-26T07:00:00Z",
    urls: { get: "", cancel: "", web: "" },
    destination: "you/toy",
    output: null,
  });
}

const after = (runs: Training[], work = DEFAULTS) => estimate(runs, "easel/emoji", work, DEFAULTS)?.seconds;

test("without a training that succeeded on the same base nothing is promised", () => {
  expect(after([])).toBeUndefined();
  expect(after([training(60, {}, "failed")])).toBeUndefined();
  expect(estimate([training(60, {})], "stability-ai/sdxl", DEFAULTS, DEFAULTS)).toBeUndefined();
});

test("the same again takes as long", () => {
  expect(after([training(80, {})])).toBeCloseTo(80);
});

test("trainings of two sizes tell what is loaded once from what each step takes", () => {
  const runs = [training(30, { max_train_steps: 100 }), training(50, { max_train_steps: 200 })];
  expect(after(runs, { ...DEFAULTS, steps: 400 })).toBeCloseTo(90);
});

test("twice the resolution is four times the work of a step", () => {
  const runs = [training(30, { max_train_steps: 100 }), training(50, { max_train_steps: 200 })];
  expect(after(runs, { ...DEFAULTS, resolution: 256 })).toBeCloseTo(10 + 40 * 4);
});

test("times that contradict each other still give a time above nothing", () => {
  const runs = [training(60, { max_train_steps: 100 }), training(20, { max_train_steps: 200 })];
  expect(after(runs, { ...DEFAULTS, steps: 1 })).toBeGreaterThan(0);
});
