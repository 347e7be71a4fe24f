/** What goes on after a request was let in ends with its token: event streams, and replies that wait for a run. */
import { NewToken, Prediction, PredictionPage, Problem } from "@easel/contract";
import { expect, onTestFinished, test, vi } from "vitest";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";

/** A run that waits for ever: there are no processes. */
async function createWaiting(world: World): Promise<string> {
  return (await read(world.call("POST", "/v1/predictions", { version: ECHO.versionId, input: {} }), Prediction)).id;
}

/** Opens the run's events, and gives all that will have come when the stream has ended. */
async function openEvents(world: World, id: string, headers: Record<string, string>): Promise<() => Promise<string>> {
  const reply = await world.app.request(`/v1/runs/${id}/events`, { headers });
  expect(reply.status).toBe(200);
  const text = reply.text();
  return () => text;
}

async function listIds(world: World): Promise<string[]> {
  return (await read(world.call("GET", "/v1/predictions"), PredictionPage)).results.map(({ id }) => id);
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** A browser that has signed in with the token. */
async function signIn(world: World, token: string): Promise<Record<string, string>> {
  const headers = { "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin" };
  const reply = await world.app.request("/v1/session", { method: "POST", headers, body: JSON.stringify({ token }) });
  return { Cookie: reply.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

function stopTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

test("revoking a token ends its open streams at once, those of its sessions too, and no other's", async () => {
  stopTimers();
  const world = await makeWorld();
  const id = await createWaiting(world);
  const lost = await read(world.call("POST", "/v1/tokens", { name: "lost" }), NewToken);
  const other = await read(world.call("POST", "/v1/tokens", { name: "other" }), NewToken);
  const byToken = await openEvents(world, id, bearer(lost.token));
  const bySession = await openEvents(world, id, await signIn(world, lost.token));
  const [byOther, byOwn] = [
    await openEvents(world, id, bearer(other.token)),
    await openEvents(world, id, bearer(world.token)),
  ];
  expect((await world.call("DELETE", `/v1/tokens/${lost.id}`)).status).toBe(204);
  for (const ended of [byToken, bySession]) expect(await ended()).not.toContain("event: done");
  await world.call("POST", `/v1/predictions/${id}/cancel`);
  for (const ended of [byOther, byOwn]) expect(await ended()).toContain("event: done");
});

test("a reply that waits for a prediction is a 401 once its token is revoked, and the prediction goes on", async () => {
  stopTimers();
  const world = await makeWorld();
  const lost = await read(world.call("POST", "/v1/tokens", { name: "lost" }), NewToken);
  const body = JSON.stringify({ version: ECHO.versionId, input: {} });
  const headers = { ...bearer(lost.token), "Content-Type": "application/json", Prefer: "wait" };
  const reply = world.app.request("/v1/predictions", { method: "POST", headers, body });
  await vi.waitFor(async () => expect(await listIds(world)).toHaveLength(1));
  expect((await world.call("DELETE", `/v1/tokens/${lost.id}`)).status).toBe(204);
  expect(await read(reply, Problem)).toMatchObject({ status: 401, detail: expect.stringContaining("another token") });
  const [id] = await listIds(world);
  expect((await read(world.call("GET", `/v1/predictions/${id}`), Prediction)).status).toBe("starting");
});

test("a token that expires ends its open streams within five seconds", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  stopTimers();
  const world = await makeWorld({}, { now: () => now });
  const id = await createWaiting(world);
  const wish = { name: "day", expires_at: "2026-01-02T00:00:00Z" };
  const { token } = await read(world.call("POST", "/v1/tokens", wish), NewToken);
  const ended = await openEvents(world, id, bearer(token));
  now = Date.parse(wish.expires_at);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await ended()).not.toContain("event: done");
});
