import { Prediction, PredictionPage, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";

const DAY = 86_400_000;
const KEY = { "Idempotency-Key": "k1" };

function create(world: World, headers: Record<string, string>, text = "once") {
  return world.call("POST", "/v1/predictions", { version: ECHO.versionId, input: { text } }, headers);
}

async function count(world: World): Promise<number> {
  return (await read(world.call("GET", "/v1/predictions"), PredictionPage)).results.length;
}

test("200 creates with one key at once are one run", async () => {
  const world = await makeWorld();
  const replies = await Promise.all(Array.from({ length: 200 }, () => create(world, KEY)));
  const ids = await Promise.all(replies.map(async (reply) => (await read(reply, Prediction)).id));
  expect([new Set(ids).size, await count(world)]).toEqual([1, 1]);
});

test("a key stands for its run for a day, its answer long gone, and then for another", async () => {
  let now = Date.now();
  const world = await makeWorld({}, { now: () => now });
  const { id } = await read(create(world, KEY), Prediction);
  now += DAY - 1;
  expect((await read(create(world, KEY), Prediction)).id).toBe(id);
  now += 1;
  expect((await read(create(world, KEY), Prediction)).id).not.toBe(id);
});

test("a key that was given to another request is refused, also while that one is being made", async () => {
  const world = await makeWorld();
  const [first, other] = await Promise.all([create(world, KEY), create(world, KEY, "another")]);
  expect([first.status, other.status]).toEqual([201, 422]);
  const refusal = await read(create(world, KEY, "another"), Problem);
  expect(refusal).toMatchObject({ status: 422, title: "Key in use", detail: expect.stringContaining("new key") });
  expect(await count(world)).toBe(1);
});

test("a refused create leaves its key unused", async () => {
  const world = await makeWorld();
  const body = { version: ECHO.versionId, input: { repeat: 9 } };
  expect((await world.call("POST", "/v1/predictions", body, KEY)).status).toBe(422);
  expect((await create(world, KEY)).status).toBe(201);
});

test("two accounts may use the same key", async () => {
  const world = await makeWorld();
  const mine = await read(create(world, KEY), Prediction);
  const theirs = await read(create(world, { ...KEY, Authorization: `Bearer ${world.otherToken}` }), Prediction);
  expect(theirs.id).not.toBe(mine.id);
});

test.each(["", "x".repeat(256)])("a key of %#: too short or too long is refused", async (key) => {
  expect((await create(await makeWorld(), { "Idempotency-Key": key })).status).toBe(400);
});
