/** Who guesses API tokens is slowed down, and nobody beside them. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { NewToken, Problem } from "@easel/contract";
import { serve } from "@hono/node-server";
import { expect, onTestFinished, test } from "vitest";
import { newToken } from "./ids.ts";
import { read } from "./testing/read.ts";
import { makeWorld, type World } from "./testing/world.ts";

const GUESSES = 30;
const PUBLIC = { EASEL_PUBLIC_URL: "https://easel.example" };

/** The server on a socket of its own: without one there are no addresses. */
async function listen({ app }: World): Promise<number> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(port));
    onTestFinished(() => {
      server.close();
    });
  });
}

interface Asked {
  token: string;
  /** The address that it is asked from. */
  from?: string;
  headers?: Record<string, string>;
  method?: string;
  path?: string;
  body?: unknown;
}

async function ask(
  port: number,
  { token, from = "127.0.0.1", headers = {}, body, ...where }: Asked,
): Promise<Response> {
  const { method = "GET", path = "/v1/account" } = where;
  const sent = {
    "Content-Type": "application/json",
    ...(body ? {} : { Authorization: `Bearer ${token}` }),
    ...headers,
  };
  const asked = request({ host: "127.0.0.1", port, method, path, localAddress: from, headers: sent, agent: false });
  asked.end(body && JSON.stringify(body));
  const [reply]: IncomingMessage[] = await once(asked, "response");
  let text = "";
  for await (const part of reply?.setEncoding("utf8") ?? []) text += part;
  const { "retry-after": retryAfter = "" } = reply?.headers ?? {};
  return new Response(text, { status: reply?.statusCode ?? 0, headers: { "Retry-After": retryAfter } });
}

/** Asks with unknown tokens until one is refused for that, and says how many were looked up. */
async function guess(port: number, asked: Partial<Asked> = {}): Promise<number> {
  for (let count = 0; count < 2 * GUESSES; count++) {
    const { status } = await ask(port, { token: newToken(), ...asked });
    if (status === 429) return count;
    expect(status).toBe(401);
  }
  throw new Error("guesses are not bounded");
}

test("who guesses is told to wait, also at the right guess; a token that was used from there never waits", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const world = await makeWorld({}, { now: () => now });
  const port = await listen(world);
  expect((await ask(port, world)).status).toBe(200);
  expect(await guess(port)).toBe(GUESSES);
  expect((await ask(port, world)).status).toBe(200);
  const right = await ask(port, { token: world.otherToken });
  expect(right.headers.get("retry-after")).toBe("2");
  expect(await read(right, Problem)).toMatchObject({ status: 429, detail: expect.stringContaining("Wait 2s") });
  expect((await ask(port, { token: world.otherToken, from: "127.0.0.2" })).status).toBe(200);
  now += 2000;
  expect((await ask(port, { token: world.otherToken })).status).toBe(200);
});

test("guesses at once are as many as guesses one after another, and a good token that comes at once is none", async () => {
  const world = await makeWorld({}, { now: () => 0 });
  const port = await listen(world);
  const good = await Promise.all(Array.from({ length: 3 * GUESSES }, () => ask(port, world)));
  expect(new Set(good.map(({ status }) => status))).toEqual(new Set([200]));
  const wrong = await Promise.all(Array.from({ length: 3 * GUESSES }, () => ask(port, { token: newToken() })));
  expect(wrong.filter(({ status }) => status === 401)).toHaveLength(GUESSES);
});

test("signing in is no way around, and a token that has ended is no guess", async () => {
  const world = await makeWorld({}, { now: () => 0 });
  const port = await listen(world);
  const made = await read(world.call("POST", "/v1/tokens", { name: "lost" }), NewToken);
  await world.call("DELETE", `/v1/tokens/${made.id}`);
  for (let count = 0; count < 2 * GUESSES; count++) expect((await ask(port, made)).status).toBe(401);
  await guess(port);
  const headers = { "Sec-Fetch-Site": "same-origin" };
  const signIn = { token: "", method: "POST", path: "/v1/session", headers, body: { token: newToken() } };
  expect((await ask(port, signIn)).status).toBe(429);
  expect((await ask(port, { ...signIn, from: "127.0.0.2" })).status).toBe(401);
  expect((await ask(port, made)).status).toBe(401);
});

test("behind a proxy on this machine the address is the one that it names last, and only there", async () => {
  const named = (address: string) => ({ headers: { "X-Forwarded-For": `203.0.113.9, ${address}` } });
  const world = await makeWorld(PUBLIC, { now: () => 0 });
  const port = await listen(world);
  expect(await guess(port, named("198.51.100.1"))).toBe(GUESSES);
  expect((await ask(port, { token: world.otherToken, ...named("198.51.100.2") })).status).toBe(200);
  // One who has an address of IPv6 has the whole network.
  expect(await guess(port, named("2001:db8::1"))).toBe(GUESSES);
  expect(await guess(port, named("2001:db8:0:0:9::2"))).toBe(0);
  expect(await guess(port, named("2001:db8:0:1::2"))).toBe(GUESSES);
  expect(await guess(port, { from: "127.0.0.2", ...named("198.51.100.3") })).toBe(GUESSES);
  expect(await guess(port, { from: "127.0.0.2", ...named("198.51.100.4") })).toBe(0);
  const direct = await listen(await makeWorld({}, { now: () => 0 }));
  expect(await guess(direct, named("198.51.100.1"))).toBe(GUESSES);
  expect(await guess(direct, named("198.51.100.2"))).toBe(0);
});
