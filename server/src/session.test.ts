/** Browser sessions and the pages' own protection: what a cookie may do, and from where. */
import { NewToken, Prediction, Problem } from "@easel/contract";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "./ids.ts";
import { read } from "./testing/read.ts";
import { makeWorld, type World } from "./testing/world.ts";

const OWN = { "Sec-Fetch-Site": "same-origin" };
const DAY_MS = 24 * 60 * 60 * 1000;

function signIn(world: World, token = world.token, headers: Record<string, string> = OWN) {
  return world.app.request("/v1/session", {
    method: "POST",
    body: JSON.stringify({ token }),
    headers: { "Content-Type": "application/json", ...headers },
  });
}

/** The cookie that signing in gave, as a browser sends it back. */
async function cookieOf(reply: Response | Promise<Response>): Promise<string> {
  return (await reply).headers.get("set-cookie")?.split(";")[0] ?? "";
}

test("a token becomes a cookie that no script reads and no other site sends", async () => {
  const world = await makeWorld();
  const reply = await signIn(world);
  expect(reply.status).toBe(201);
  const cookie = reply.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Lax/);
  expect(cookie).not.toContain(world.token);
  const account = await world.app.request("/v1/account", { headers: { Cookie: await cookieOf(signIn(world)) } });
  expect(await account.json()).toMatchObject({ username: "you" });
});

test("over https the cookie is Secure and bound to the host", async () => {
  const world = await makeWorld({ EASEL_PUBLIC_URL: "https://easel.example" });
  expect((await signIn(world)).headers.get("set-cookie")).toMatch(/^__Host-easel=.*Secure/);
});

test("an unknown token is refused with the place to look for it, and gives no cookie", async () => {
  const world = await makeWorld();
  const reply = await signIn(world, "r8_unknown");
  expect(reply.status).toBe(401);
  expect(reply.headers.get("set-cookie")).toBeNull();
  expect((await read(reply, Problem)).detail).toContain("data folder");
});

test("a cookie that was changed is nobody's, and so is one that stood idle for 30 days", async () => {
  let now = Date.UTC(2026, 0, 1);
  const world = await makeWorld({}, { now: () => now });
  const cookie = await cookieOf(signIn(world));
  const ask = (text: string) => world.app.request("/v1/account", { headers: { Cookie: text } });
  expect((await ask(`${cookie.slice(0, -2)}xx`)).status).toBe(401);
  expect((await ask(cookie.replace(sha256Hex(world.token), sha256Hex(world.otherToken)))).status).toBe(401);
  now += 29 * DAY_MS;
  const renewed = await ask(cookie);
  expect(renewed.status).toBe(200);
  now += 2 * DAY_MS;
  expect((await ask(cookie)).status).toBe(401);
  expect((await ask(await cookieOf(renewed))).status).toBe(200);
});

test("a session ends with its token, at once", async () => {
  const world = await makeWorld();
  const made = await read(world.call("POST", "/v1/tokens", { name: "laptop" }), NewToken);
  const Cookie = await cookieOf(signIn(world, made.token));
  expect((await world.app.request("/v1/account", { headers: { Cookie } })).status).toBe(200);
  await world.call("DELETE", `/v1/tokens/${made.id}`);
  expect((await world.app.request("/v1/account", { headers: { Cookie } })).status).toBe(401);
});

test("a session may do what its token may", async () => {
  const world = await makeWorld();
  const reader = await read(world.call("POST", "/v1/tokens", { name: "reader", access: "read" }), NewToken);
  const headers = { Cookie: await cookieOf(signIn(world, reader.token)), ...OWN };
  expect((await world.app.request("/v1/models", { headers })).status).toBe(200);
  expect((await world.app.request("/v1/predictions", { method: "POST", headers, body: "{}" })).status).toBe(403);
});

describe("a change by cookie needs one of our own pages", () => {
  const BODY = JSON.stringify({ owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  test.each<[string, Record<string, string>, number]>([
    ["same origin", { "Sec-Fetch-Site": "same-origin" }, 201],
    ["another site", { "Sec-Fetch-Site": "cross-site" }, 403],
    ["a neighbour of the same site", { "Sec-Fetch-Site": "same-site" }, 403],
    ["an old browser, our origin", { Origin: "http://localhost" }, 201],
    ["an old browser, another origin", { Origin: "http://evil.example" }, 403],
    ["another port of the same machine", { Origin: "http://localhost:9999" }, 403],
    ["no word of where it comes from", {}, 403],
  ])("%s", async (_name, headers, status) => {
    const world = await makeWorld();
    const Cookie = await cookieOf(signIn(world));
    const reply = await world.app.request("/v1/models", {
      method: "POST",
      body: BODY,
      headers: { Cookie, "Content-Type": "application/json", ...headers },
    });
    expect(reply.status).toBe(status);
  });

  test("signing in too, so that nobody is signed in as somebody else", async () => {
    const world = await makeWorld();
    expect((await signIn(world, world.token, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  });

  test("a program's token needs none", async () => {
    const world = await makeWorld();
    const reply = await world.call("POST", "/v1/models", JSON.parse(BODY), { "Sec-Fetch-Site": "cross-site" });
    expect(reply.status).toBe(201);
  });
});

test("what is made in the browser says so", async () => {
  const world = await makeWorld();
  const Cookie = await cookieOf(signIn(world));
  const reply = await world.app.request("/v1/models/easel/echo/predictions", {
    method: "POST",
    body: JSON.stringify({ input: {} }),
    headers: { Cookie, "Content-Type": "application/json", ...OWN },
  });
  expect((await read(reply, Prediction)).source).toBe("web");
});

describe("pages", () => {
  test.each(["/", "/create", "/easel/emoji/train", "/you/toy", "/account"])(
    "%s is one, under a policy",
    async (path) => {
      const world = await makeWorld();
      const reply = await world.app.request(path);
      expect(reply.status).toBe(200);
      expect(await reply.text()).toContain('<div id="root">');
      const policy = reply.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*/);
    },
  );

  test.each(["/v1/nothing", "/health/nothing", "/assets/nothing.js", "/assets/..%2findex.html", "/index.html"])(
    "%s is none",
    async (path) => {
      const world = await makeWorld();
      const reply = await world.call("GET", path);
      expect(reply.status).toBe(404);
      expect(reply.headers.get("content-type")).toBe("application/problem+json");
    },
  );

  test("what a page loads may be kept for ever, since its name changes with it", async () => {
    const { app } = await makeWorld();
    const [script] = /\/assets\/[\w-]+\.js/.exec(await (await app.request("/")).text()) ?? [];
    const reply = await app.request(script ?? "", { headers: { "Accept-Encoding": "br" } });
    expect(reply.headers.get("cache-control")).toContain("immutable");
    expect(reply.headers.get("content-encoding")).toBe("br");
  });
});
