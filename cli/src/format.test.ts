import { expect, test } from "vitest";
import { drawBar } from "./bar.ts";
import { formatAge, formatBytes, formatDuration, formatTable } from "./format.ts";
import { nearest } from "./nearest.ts";
import { createTerminal, fit } from "./terminal.ts";

test.each([
  [0, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [65, "1 min 05 s"],
  [7380, "2 h 03 min"],
  [-3, "0 s"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1400, "1.4 kB"],
  [487_410, "487 kB"],
  [2_600_000_000, "2.6 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [59_000, "just now"],
  [60_000, "1 min ago"],
  [3 * 3_600_000, "3 h ago"],
  [72 * 3_600_000, "3 days ago"],
])("%d ms before is %s", (before, text) => {
  expect(formatAge(1_000_000_000_000 - before, 1_000_000_000_000)).toBe(text);
});

test("a table's columns line up, without blanks at the ends of lines", () => {
  expect(
    formatTable([
      ["a", "bbb", "c"],
      ["aaa", "b"],
    ]),
  ).toBe("a    bbb  c\naaa  b");
});

test("a bar is always as wide as it is", () => {
  const { paint } = createTerminal({ stdout: process.stdout, stderr: { write: () => true }, env: {} });
  for (const share of [-1, 0, 0.001, 0.5, 0.999, 1, 2, Number.NaN])
    expect(drawBar(share, { paint }, 10)).toHaveLength(16);
});

test.each([
  ["promt", "prompt"],
  ["destinaton", "destination"],
  ["lora_rnak", "lora_rank"],
  ["colour", undefined],
])("%s was meant as %s", (word, meant) => {
  expect(nearest(word, ["prompt", "destination", "lora_rank", "seed"])).toBe(meant);
});

test("off a terminal there are no colours and no live line", () => {
  for (const [stderr, env] of [
    [{ isTTY: false }, {}],
    [{ isTTY: true }, { TERM: "dumb" }],
  ] as const) {
    let written = "";
    const write = (text: string) => {
      written += text;
    };
    const terminal = createTerminal({ stdout: { write }, stderr: { ...stderr, write }, env });
    terminal.live("half way");
    terminal.problem("no", "try");
    expect(written).toBe("✗ no\n  try\n");
  }
});

test("NO_COLOR takes the colours and leaves the live line", () => {
  let written = "";
  const write = (text: string) => {
    written += text;
  };
  const terminal = createTerminal({ stdout: { write }, stderr: { isTTY: true, write }, env: { NO_COLOR: "yes" } });
  terminal.live("half way");
  terminal.problem("no");
  expect(written).toBe("\r\x1b[2Khalf way\r\x1b[2K✗ no\nhalf way");
});

test("a line is cut to the columns there are, and its colours stay in pairs", () => {
  expect(fit("\x1b[36m████\x1b[39m 50 %", 6)).toBe("\x1b[36m████\x1b[39m 5");
  expect(fit("\x1b[36m████\x1b[39m", 2)).toBe("\x1b[36m██\x1b[39m");
  expect(fit("short", 80)).toBe("short");
});
