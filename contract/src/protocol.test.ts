/** The fixtures that the runner's tests read too: both languages take the same lines and refuse the same lines. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Command, ProcessLine } from "./protocol.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));

function lines(name: string): string[] {
  return readFileSync(`${FIXTURES}${name}.jsonl`, "utf8").trimEnd().split("\n");
}

function parses(schema: typeof Command | typeof ProcessLine, line: string): boolean {
  try {
    return schema.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

test.each([...lines("hello"), ...lines("process"), ...lines("events")])("a model process may say %s", (line) => {
  expect(parses(ProcessLine, line)).toBe(true);
});

test.each(lines("commands"))("the server may say %s", (line) => {
  expect(parses(Command, line)).toBe(true);
});

test.each(lines("invalid").map((line) => JSON.parse(line)))("$reason: refused", ({ side, line }) => {
  expect(parses(side === "server" ? Command : ProcessLine, line)).toBe(false);
});
