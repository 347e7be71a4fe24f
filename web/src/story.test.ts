import type { RunEvent } from "@easel/contract";
import { expect, test } from "vitest";
import { Story } from "./story.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const progress = (step: number, seconds: number, attempt = 1): RunEvent => ({
  id: step,
  type: "progress",
  data: { attempt, at: at(seconds), step, total: 100 },
});
const loss = (step: number, value: number | null, attempt = 1): RunEvent => ({
  id: step,
  type: "metric",
  data: { attempt, at: at(step), step, values: { loss: value } },
});
const log = (text: string): RunEvent => ({ id: 1, type: "log", data: { attempt: 1, at: at(0), text } });

function tell(events: RunEvent[]): Story {
  const story = new Story();
  for (const event of events) story.add(event);
  return story;
}

test("the time left is told by the pace so far, and only once there is one", () => {
  expect(tell([progress(1, 0), progress(2, 2)]).secondsLeft).toBeUndefined();
  expect(tell([progress(1, 0), progress(11, 20)]).secondsLeft).toBeCloseTo(89 * 2);
});

test("a second attempt has a pace of its own: what was lost does not count", () => {
  const story = tell([progress(1, 0), progress(11, 1000), progress(6, 2000, 2), progress(16, 2010, 2)]);
  expect(story.secondsLeft).toBeCloseTo(84);
  expect(story.attempt).toBe(2);
});

test("steps that are done again take the place of those that were lost", () => {
  const story = tell([loss(1, 0.5), loss(2, 0.4), loss(3, 0.3), loss(2, 0.45, 2)]);
  expect(story.curves.get("loss")).toEqual({ steps: [1, 2], values: [0.5, 0.45] });
});

test("the log keeps every line; a progress bar is one line however often it is drawn, and colours are left out", () => {
  const story = tell([
    log("one\ntwo\n"),
    log("  5%|█  | 1/20"),
    log(" 10%|██ | 2/20"),
    log("\u001b[31mthree\u001b[0m"),
  ]);
  expect(story.log).toEqual(["one", "two", " 10%|██ | 2/20", "three"]);
});

test("what the log warns of is kept by itself, once", () => {
  const story = tell([log("one\nWarning: The loss runs away."), log("Warning: The loss runs away.\nNo Warning: two")]);
  expect([...story.warnings]).toEqual(["The loss runs away."]);
  expect(story.log).toContain("Warning: The loss runs away.");
});

test("a sample that is drawn anew after a lost attempt is shown once", () => {
  const sample = (url: string): RunEvent => ({
    id: 1,
    type: "sample",
    data: {
      attempt: 1,
      at: at(0),
      step: 10,
      prompt: "a TOK",
      seed: 1,
      file: { name: "s.png", url, size: 1, sha256: "", contentType: "image/png" },
    },
  });
  expect(
    tell([sample("/first"), sample("/again")])
      .samples.get(10)
      ?.map(({ file }) => file.url),
  ).toEqual(["/again"]);
});
