import { expect, test } from "vitest";
import { parseReference } from "./reference.ts";

const version = "a".repeat(64);

test.each([
  ["you/toy", { owner: "you", name: "toy" }],
  [`stability-ai/sdxl:${version}`, { owner: "stability-ai", name: "sdxl", version }],
])("%s is a reference", (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
});

test.each(["toy", "you/", "/toy", "you/toy/more", "you/toy:", "you/toy:1", "You/toy", "you/../toy", ""])(
  "%j is none",
  (text) => {
    expect(parseReference(text)).toBeUndefined();
  },
);
