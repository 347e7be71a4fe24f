import { NewToken, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";

const create = ({ call }: World) => call("POST", "/v1/predictions", { version: ECHO.versionId, input: {} });
const left = (reply: Response) => [reply.headers.get("ratelimit-remaining"), reply.headers.get("ratelimit-reset")];

test("nothing is limited until it is asked for", async () => {
  const world = await makeWorld();
  expect(left(await create(world))).toEqual([null, null]);
});

test("what is over the limit is told when to come back, in Replicate's words", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const world = await makeWorld({ EASEL_RATE_LIMIT: "6,60" }, { now: () => now });
  expect(left(await create(world))).toEqual(["5", "10"]);
  for (let number = 0; number < 5; number++) expect((await create(world)).status).toBe(201);
  const refused = await create(world);
  expect(refused.status).toBe(429);
  expect(left(refused)).toEqual(["0", "60"]);
  expect(refused.headers.get("retry-after")).toBe("10");
  expect(await read(refused, Problem)).toEqual({
    title: "Request was throttled",
    detail: "Request was throttled. Your rate limit resets in ~10s.",
    status: 429,
    retry_after: 10,
  });
  now += 9999;
  expect((await create(world)).status).toBe(429);
  now += 1;
  expect((await create(world)).status).toBe(201);
});

test("reads have a limit of their own, and so has each account, however many tokens it has", async () => {
  const world = await makeWorld({ EASEL_RATE_LIMIT: "1,2" }, { now: () => 0 });
  expect((await create(world)).status).toBe(201);
  expect((await create(world)).status).toBe(429);
  const { token } = await read(world.call("POST", "/v1/tokens", { name: "second" }), NewToken);
  const headers = { Authorization: `Bearer ${token}` };
  expect((await world.call("GET", "/v1/account", undefined, headers)).status).toBe(200);
  expect((await world.call("GET", "/v1/account", undefined, headers)).status).toBe(429);
  expect((await world.app.request("/health/live")).status).toBe(200);
  const other = { Authorization: `Bearer ${world.otherToken}` };
  expect((await world.call("GET", "/v1/account", undefined, other)).status).toBe(200);
});

test("on means Replicate's limits, and what means nothing is refused at the start", async () => {
  const world = await makeWorld({ EASEL_RATE_LIMIT: "on" });
  expect(left(await create(world))).toEqual(["599", "1"]);
  expect(left(await world.call("GET", "/v1/account"))).toEqual(["2999", "1"]);
  for (const text of ["yes", "600", "0,5", "-1,3", ""]) {
    await expect(makeWorld({ EASEL_RATE_LIMIT: text })).rejects.toThrow("EASEL_RATE_LIMIT");
  }
});
