import type { RunEvent } from "@easel/contract";
import { expect, test } from "vitest";
import { describe as describeProgress } from "./follow.ts";
import { advance, NOTHING_YET, secondsLeft } from "./progress.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 23, 6, 0, 0) + seconds * 1000).toISOString();
const reported = (seconds: number, attempt = 1) => ({ attempt, at: at(seconds) });

const stage = (seconds: number, name: string, attempt = 1): RunEvent => ({
  id: 1,
  type: "stage",
  data: { ...reported(seconds, attempt), name },
});
const step = (seconds: number, number: number): RunEvent => ({
  id: 1,
  type: "progress",
  data: { ...reported(seconds), step: number, total: 200 },
});

const after = (...events: RunEvent[]) => events.reduce(advance, NOTHING_YET);

test("the time left follows the pace of the recent steps", () => {
  const slowStart = [step(0, 1), step(60, 2)];
  const steady = Array.from({ length: 20 }, (_, index) => step(60 + index, 3 + index));
  const progress = after(stage(0, "training"), ...slowStart, ...steady);
  expect(secondsLeft(progress)).toBeCloseTo(200 - 22);
  expect(secondsLeft(after(step(0, 1)))).toBeNull();
});

test("a line says stage, steps, loss and time left", () => {
  const metric: RunEvent = { id: 2, type: "metric", data: { ...reported(10), step: 100, values: { loss: 0.08123 } } };
  const line = describeProgress(after(stage(0, "training"), step(0, 50), step(25, 100), metric), Date.parse(at(25)));
  expect(line).toMatch(/^training {2}█+·+ {2}50 % {2}step 100\/200 {2}loss 0\.0812 {2}50 s left$/);
});

test("a stage that counts shows its count, one that does not its time", () => {
  const captions: RunEvent = { id: 1, type: "stage", data: { ...reported(0), name: "captions", done: 4, total: 16 } };
  expect(describeProgress(after(captions), Date.parse(at(3)))).toContain("4/16");
  expect(describeProgress(after(stage(0, "checking")), Date.parse(at(3)))).toBe("checking  3 s");
});

test("a run that waits says what is before it", () => {
  const waiting: RunEvent = { id: null, type: "status", data: { status: "starting", queuePosition: 2 } };
  expect(describeProgress(after(waiting), 0)).toBe("waiting, 2 before it");
});

test("a new attempt begins anew, and a new stage drops the steps of the old one", () => {
  const events = [stage(0, "training"), step(1, 10), step(2, 20)];
  expect(after(...events, stage(9, "loading", 2))).toMatchObject({
    attempt: 2,
    step: null,
    stage: { name: "loading" },
  });
  expect(after(...events, stage(9, "checking"))).toMatchObject({ step: null, recent: [], stage: { name: "checking" } });
});
