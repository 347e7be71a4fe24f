import { Prediction, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { makeWorld, WORDS } from "../testing/world.ts";

const MEGABYTE = 1_000_000;

/** A body of so many bytes, most of which are a file in it. */
function bodyOf(bytes: number): { version: string; input: { file: string } } {
  const head = "data:text/plain;base64,";
  const rest = JSON.stringify({ version: WORDS.versionId, input: { file: head } }).length;
  return { version: WORDS.versionId, input: { file: head + "A".repeat(bytes - rest) } };
}

test("a create may hold files of 16 MB as data: URIs, which are kept as files and shown by their URLs", async () => {
  const world = await makeWorld({}, { builtins: [WORDS] });
  const reply = await world.call("POST", "/v1/predictions", bodyOf(16 * MEGABYTE));
  expect(reply.status).toBe(201);
  const { file } = (await read(reply, Prediction)).input;
  expect(file).toMatch(/^http:\/\/localhost\/v1\/files\/[\w-]{48}$/);
  expect((await world.call("GET", new URL(String(file)).pathname)).status).toBe(200);
});

test("a larger one is refused with the way to send it, and so is what is no create above 1 MB", async () => {
  const world = await makeWorld({}, { builtins: [WORDS] });
  const large = await read(world.call("POST", "/v1/predictions", bodyOf(16 * MEGABYTE + 1)), Problem);
  expect(large).toMatchObject({ status: 413, detail: expect.stringContaining("POST /v1/files") });
  const model = {
    owner: "you",
    name: "toy",
    visibility: "private",
    hardware: "cpu",
    description: "x".repeat(MEGABYTE),
  };
  expect((await world.call("POST", "/v1/models", model)).status).toBe(413);
});
