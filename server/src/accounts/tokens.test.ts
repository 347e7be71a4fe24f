import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AccountList, NewAccount, NewToken, Problem, TokenPage } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { makeWorld, type World } from "../testing/world.ts";
import { ensureFirstAccount } from "./first.ts";
import { strengthBits } from "./strength.ts";

const TOY = { owner: "you", name: "toy", visibility: "private", hardware: "cpu" };

/** A request by another token than that of `you`. */
function as(world: World, token: string, method: string, path: string, body?: unknown): Promise<Response> {
  return world.call(method, path, body, { Authorization: `Bearer ${token}` });
}

function createToken(world: World, wish: object): Promise<NewToken> {
  return read(world.call("POST", "/v1/tokens", wish), NewToken);
}

test("a token is shown once, works until it is revoked, and is then refused in words that help", async () => {
  const world = await makeWorld();
  const made = await createToken(world, { name: "laptop" });
  expect(made).toMatchObject({ name: "laptop", access: "write", expires_at: null, last_used_at: null });
  expect((await as(world, made.token, "POST", "/v1/models", TOY)).status).toBe(201);
  const { results } = await read(world.call("GET", "/v1/tokens"), TokenPage);
  const { token, ...shown } = made;
  expect(results).toEqual([{ ...shown, last_used_at: expect.any(String) }]);
  expect((await world.call("DELETE", `/v1/tokens/${made.id}`)).status).toBe(204);
  const refused = await as(world, token, "GET", "/v1/account");
  expect(refused.status).toBe(401);
  expect((await read(refused, Problem)).detail).toMatch(/revoked on 20.*easel token create/);
  expect((await world.call("DELETE", `/v1/tokens/${made.id}`)).status).toBe(404);
  expect(await read(world.call("GET", "/v1/tokens"), TokenPage)).toMatchObject({ results: [] });
});

test("a token that may only read is refused whatever would change something, and secrets", async () => {
  const world = await makeWorld();
  const { token } = await createToken(world, { name: "dashboard", access: "read" });
  expect((await as(world, token, "GET", "/v1/models")).status).toBe(200);
  for (const [method, path] of [
    ["POST", "/v1/models"],
    ["POST", "/v1/tokens"],
    ["DELETE", "/v1/files/any"],
    ["GET", "/v1/webhooks/default/secret"],
  ] as const) {
    const reply = await as(world, token, method, path);
    expect(reply.status).toBe(403);
    expect((await read(reply, Problem)).detail).toContain("easel token create");
  }
});

test("a token ends when it was made to, and cannot be made to have ended", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const world = await makeWorld({}, { now: () => now });
  const past = await world.call("POST", "/v1/tokens", { name: "past", expires_at: "2025-12-31T23:59:59Z" });
  expect(past.status).toBe(422);
  expect(await read(past, Problem)).toMatchObject({ invalid_fields: [{ field: "expires_at" }] });
  const { token } = await createToken(world, { name: "day", expires_at: "2026-01-02T00:00:00Z" });
  now += 86_399_999;
  expect((await as(world, token, "GET", "/v1/account")).status).toBe(200);
  now += 1;
  const ended = await as(world, token, "GET", "/v1/account");
  expect(ended.status).toBe(401);
  expect((await read(ended, Problem)).detail).toContain("expired on 2026-01-02");
});

test("uses within a minute are one write", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const world = await makeWorld({}, { now: () => now });
  const { token } = await createToken(world, { name: "busy" });
  const lastUse = async () => (await read(world.call("GET", "/v1/tokens"), TokenPage)).results[0]?.last_used_at;
  await as(world, token, "GET", "/v1/account");
  now += 59_000;
  await as(world, token, "GET", "/v1/account");
  expect(await lastUse()).toBe("2026-01-01T00:00:00.000Z");
  now += 1000;
  await as(world, token, "GET", "/v1/account");
  expect(await lastUse()).toBe("2026-01-01T00:01:00.000Z");
});

test("another account's token can neither be seen nor revoked", async () => {
  const world = await makeWorld();
  const { id } = await createToken(world, { name: "mine" });
  const absent = await as(world, world.otherToken, "DELETE", "/v1/tokens/nothing");
  const theirs = await as(world, world.otherToken, "DELETE", `/v1/tokens/${id}`);
  expect(theirs.status).toBe(404);
  expect(await theirs.json()).toEqual(await absent.json());
  const { results } = await read(as(world, world.otherToken, "GET", "/v1/tokens"), TokenPage);
  expect(results.map((each) => each.id)).not.toContain(id);
});

test("who runs the server makes accounts, and tokens for who has lost theirs; nobody else does", async () => {
  const world = await makeWorld();
  const made = await read(world.call("POST", "/v1/accounts", { name: "ada" }), NewAccount);
  expect(await (await as(world, made.token.token, "GET", "/v1/account")).json()).toMatchObject({ username: "ada" });
  const another = await createToken(world, { name: "second", account: "ada" });
  expect(await (await as(world, another.token, "GET", "/v1/account")).json()).toMatchObject({ username: "ada" });
  const list = await read(world.call("GET", "/v1/accounts"), AccountList);
  expect(list.map(({ username }) => username).sort()).toEqual(["ada", "someone", "you"]);
  expect((await world.call("POST", "/v1/accounts", { name: "ada" })).status).toBe(409);
  for (const name of ["v1", "easel"]) expect((await world.call("POST", "/v1/accounts", { name })).status).toBe(422);
  expect((await world.call("POST", "/v1/tokens", { name: "x", account: "easel" })).status).toBe(404);
  expect((await world.call("POST", "/v1/tokens", { name: "x", account: "nobody" })).status).toBe(404);
  for (const [method, path, body] of [
    ["POST", "/v1/accounts", { name: "eve" }],
    ["GET", "/v1/accounts", undefined],
    ["POST", "/v1/tokens", { name: "x", account: "you" }],
  ] as const) {
    expect((await as(world, made.token.token, method, path, body)).status).toBe(403);
  }
});

test("the database holds no token", async () => {
  const world = await makeWorld();
  const { token } = await createToken(world, { name: "canary" });
  const rows = await world.context.db.selectFrom("tokens").selectAll().execute();
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain(token);
});

test("the token of the data folder is made once and kept for its owner alone; a revoked one is replaced", async () => {
  const world = await makeWorld();
  const context = { ...world.context, config: { ...world.context.config, token: undefined } };
  const path = join(context.config.dataFolder, "token");
  const first = await ensureFirstAccount(context);
  expect((await readFile(path, "utf8")).trim()).toBe(first);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await ensureFirstAccount(context)).toBeUndefined();
  const { results } = await read(world.call("GET", "/v1/tokens"), TokenPage);
  await world.call("DELETE", `/v1/tokens/${results[0]?.id}`);
  expect(await ensureFirstAccount(context)).not.toBe(first);
  await writeFile(path, "of-my-own-choosing\n");
  expect(await ensureFirstAccount(context)).toBeUndefined();
  expect((await as(world, "of-my-own-choosing", "GET", "/v1/account")).status).toBe(200);
});

test("EASEL_TOKEN is valid as long as it is set", async () => {
  const world = await makeWorld();
  expect((await world.call("GET", "/v1/account")).status).toBe(200);
  world.context.config.token = undefined;
  expect((await world.call("GET", "/v1/account")).status).toBe(401);
});

test("beyond this machine no short token is served", async () => {
  const start = (token: string, host: string) => makeWorld({ EASEL_TOKEN: token, EASEL_HOST: host });
  await start("secret", "127.0.0.1");
  for (const host of ["0.0.0.0", "::", "192.168.1.7"]) {
    await expect(start("secret", host)).rejects.toThrow(/EASEL_HOST is .*EASEL_TOKEN is too short/);
    await start("0123456789abcdef0123456789abcdef", host);
  }
});

test.each([
  ["0123456789abcdef0123456789abcdef", 128],
  ["0123456789abcdef0123456789abcde", 124],
  ["abcdefghijklmnopqrstuvwxyz", 134],
  ["1234567890123456789012345678901234567890", 133],
  ["a".repeat(200), 0],
])("%s may have %i bits", (token, bits) => {
  expect(Math.round(strengthBits(token))).toBe(bits);
});
