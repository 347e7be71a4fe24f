import { Prediction, Problem, type WebhookDelivery, WebhookDeliveryPage, WebhookSecret } from "@easel/contract";
import { validateWebhook } from "replicate";
import { describe, expect, test, vi } from "vitest";
import { insertProcess } from "../processes/store.ts";
import { assignRun } from "../runs/claim.ts";
import { finishAttempt } from "../runs/finish.ts";
import { commitEvents } from "../runs/report.ts";
import { read } from "../testing/read.ts";
import { answering, type Received, startReceiver } from "../testing/receiver.ts";
import { ECHO, makeWorld, startDelivering, type World, type WorldOptions } from "../testing/world.ts";
import { WEBHOOK_TOPIC } from "./outbox.ts";

const HOUR = 3_600_000;
const ALLOWED = { EASEL_FETCH_ALLOW: "127.0.0.0/8" };

async function worldOf(options: WorldOptions = {}): Promise<World> {
  return makeWorld(ALLOWED, { webhooks: true, ...options });
}

async function predict(world: World, webhook: string, more: object = {}): Promise<Prediction> {
  const body = { version: ECHO.versionId, input: { text: "hi" }, webhook, ...more };
  const reply = await world.call("POST", "/v1/predictions", body);
  expect(reply.status).toBe(201);
  return read(reply, Prediction);
}

/** A run that ends at once, since nobody has begun with it. */
async function cancel(world: World, webhook: string): Promise<Prediction> {
  const { id } = await predict(world, webhook);
  return read(world.call("POST", `/v1/predictions/${id}/cancel`), Prediction);
}

async function log(world: World): Promise<WebhookDelivery[]> {
  return (await read(world.call("GET", "/v1/webhooks/deliveries"), WebhookDeliveryPage)).results;
}

/** The log once every message in it is over, or tried so often. */
async function settled(world: World, attempts = 1): Promise<WebhookDelivery[]> {
  return vi.waitFor(
    async () => {
      const deliveries = await log(world);
      expect(deliveries.length).toBeGreaterThan(0);
      for (const delivery of deliveries) expect(delivery.attempts).toBeGreaterThanOrEqual(attempts);
      return deliveries;
    },
    { timeout: 10_000, interval: 20 },
  );
}

async function isGenuine(world: World, received: Received): Promise<boolean> {
  const { key } = await read(world.call("GET", "/v1/webhooks/default/secret"), WebhookSecret);
  return isSignedBy(key, received);
}

async function isSignedBy(key: string, { headers, body }: Received): Promise<boolean> {
  const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((name) => String(headers[`webhook-${name}`]));
  return validateWebhook({ id: id ?? "", timestamp: timestamp ?? "", signature: signature ?? "", body, secret: key });
}

function bodyOf({ body }: Received): Prediction {
  return Prediction.parse(JSON.parse(body));
}

test("a prediction tells of its start, its output, its logs and its end, in order, as a GET shows it", async () => {
  const [world, receiver] = [await worldOf({ processes: true }), await startReceiver()];
  const made = await predict(world, receiver.url, { webhook_events_filter: ["start", "output", "logs", "completed"] });
  expect(made).toMatchObject({
    webhook: receiver.url,
    webhook_events_filter: ["start", "output", "logs", "completed"],
  });
  await vi.waitFor(() => expect(receiver.received.map((one) => bodyOf(one).status)).toContain("succeeded"), 15_000);
  const statuses = receiver.received.map((one) => bodyOf(one).status);
  expect(statuses[0]).toBe("processing");
  expect(statuses.indexOf("succeeded")).toBe(statuses.length - 1);
  const shown = await read(world.call("GET", `/v1/predictions/${made.id}`), Prediction);
  const last = receiver.received.at(-1);
  expect(last?.path).toBe("/hook?user=7");
  expect(last && bodyOf(last)).toEqual({ ...shown, urls: expect.anything() });
  for (const one of receiver.received) expect(await isGenuine(world, one)).toBe(true);
  const forged = { ...receiver.received[0], body: `${last?.body} ` };
  expect(await isGenuine(world, Object.assign({ path: "", headers: {} }, forged))).toBe(false);
});

test("a new secret signs beside the old one for a day, and alone from then on", async () => {
  let now = Date.now();
  const [world, receiver] = [await worldOf({ now: () => now }), await startReceiver()];
  const { key: old } = await read(world.call("GET", "/v1/webhooks/default/secret"), WebhookSecret);
  const { key } = await read(world.call("POST", "/v1/webhooks/default/secret"), WebhookSecret);
  expect(key).not.toBe(old);
  const signatures = async () => {
    const before = receiver.received.length;
    await cancel(world, receiver.url);
    const received = await vi.waitFor(() => {
      expect(receiver.received.length).toBeGreaterThan(before);
      return receiver.received.at(-1) ?? expect.fail();
    });
    return Promise.all([old, key].map((secret) => isSignedBy(secret, received)));
  };
  expect(await signatures()).toEqual([true, true]);
  now += 24 * HOUR;
  expect(await signatures()).toEqual([false, true]);
});

test("only what is asked for is sent, and nothing where nothing is", async () => {
  const [world, receiver] = [await worldOf(), await startReceiver()];
  for (const filter of [["start"], []]) {
    const { id } = await predict(world, receiver.url, { webhook_events_filter: filter });
    await world.call("POST", `/v1/predictions/${id}/cancel`);
  }
  expect(await log(world)).toEqual([]);
  const { id } = await predict(world, receiver.url, { webhook_events_filter: ["completed"] });
  await world.call("POST", `/v1/predictions/${id}/cancel`);
  expect(await settled(world)).toMatchObject([{ run: id, event: "completed", state: "delivered" }]);
  expect(receiver.received).toHaveLength(1);
});

test("the older webhook_completed is told of the end alone", async () => {
  const [world, receiver] = [await worldOf(), await startReceiver()];
  const body = { version: ECHO.versionId, input: {}, webhook_completed: receiver.url };
  const { id } = await read(world.call("POST", "/v1/predictions", body), Prediction);
  await world.call("POST", `/v1/predictions/${id}/cancel`);
  expect(await settled(world)).toMatchObject([{ run: id, event: "completed", state: "delivered" }]);
});

describe("output and logs", () => {
  /** A run in the hands of a process, and what it says. */
  async function held(world: World, webhook: string) {
    const { id } = await predict(world, webhook);
    const at = new Date(world.context.now()).toISOString();
    await insertProcess(world.context.db, {
      id: "p1",
      program: "models/echo",
      base: null,
      whole: null,
      device: "cpu",
      at,
    });
    await assignRun(world.context, id, "p1", "CPU");
    const holder = { runId: id, attempt: 1, processId: "p1" };
    let seq = 0;
    const event = { run: id, attempt: 1, at };
    const say = (text: string) => commitEvents(world.context, holder, [{ ...event, type: "log", seq: ++seq, text }]);
    const end = () => finishAttempt(world.context, holder, { ...event, type: "done", seq: ++seq, seconds: 1 });
    return { say, end };
  }

  test("are told at most every 500 ms, each message with all that has come", async () => {
    let now = Date.now();
    const [world, receiver] = [await worldOf({ now: () => now }), await startReceiver()];
    const { say } = await held(world, receiver.url);
    await say("one");
    await vi.waitFor(() => expect(receiver.received.map((one) => bodyOf(one).logs)).toEqual(["", "one\n"]));
    await settled(world);
    await say("two");
    now += 499;
    await say("three");
    world.context.watch.poke(WEBHOOK_TOPIC);
    expect(await log(world)).toMatchObject([{ event: "logs", attempts: 0 }, { attempts: 1 }, { attempts: 1 }]);
    now += 1;
    world.context.watch.poke(WEBHOOK_TOPIC);
    const told = ["", "one\n", "one\ntwo\nthree\n"];
    await vi.waitFor(() => expect(receiver.received.map((one) => bodyOf(one).logs)).toEqual(told), 10_000);
  });

  test("that were held back go out by themselves", async () => {
    const [world, receiver] = [await worldOf(), await startReceiver()];
    const { say } = await held(world, receiver.url);
    await say("one");
    await settled(world);
    await say("two");
    await vi.waitFor(() => expect(receiver.received.at(-1)?.body).toContain('"logs":"one\\ntwo\\n"'), 10_000);
  });

  test.each([100, 200])("go out also where their time comes between two looks (%i ms a look)", async (step) => {
    let now = Date.now();
    let onward = 0;
    // Time goes on with each look at the clock, and only then.
    const clock = () => {
      now += onward;
      return now;
    };
    const [world, receiver] = [await worldOf({ now: clock }), await startReceiver()];
    const { say } = await held(world, receiver.url);
    await say("one");
    await settled(world);
    await say("two");
    onward = step;
    world.context.watch.poke(WEBHOOK_TOPIC);
    await vi.waitFor(() => expect(receiver.received.at(-1)?.body).toContain('"logs":"one\\ntwo\\n"'), 10_000);
  });

  test("are not told any more when the run has ended, and are sent once", async () => {
    let now = Date.now();
    const [world, receiver] = [await worldOf({ now: () => now }), await startReceiver()];
    receiver.answer(answering(500));
    const { say, end } = await held(world, receiver.url);
    await say("one");
    await settled(world);
    await say("two");
    await end();
    await vi.waitFor(() => expect(receiver.received).toHaveLength(3));
    now += HOUR;
    world.context.watch.poke(WEBHOOK_TOPIC);
    const deliveries = await settled(world, 1);
    expect(new Set(deliveries.map(({ event }) => event))).toEqual(new Set(["start", "logs", "completed"]));
    for (const { event, state } of deliveries) expect(state).toBe(event === "completed" ? "waiting" : "failed");
    expect(receiver.received.map((one) => bodyOf(one).status).slice(0, 3)).toEqual([
      "processing",
      "processing",
      "succeeded",
    ]);
  });
});

describe("a receiver", () => {
  test("that comes back after three days gets the same message, under the same id", async () => {
    const began = Date.now();
    let now = began;
    const [world, receiver] = [await worldOf({ now: () => now }), await startReceiver()];
    receiver.answer(answering(500, "not now"));
    await cancel(world, receiver.url);
    const minutes: number[] = [];
    for (let attempts = 1; attempts < 13; attempts++) {
      const [delivery] = await settled(world, attempts);
      expect(delivery).toMatchObject({ state: "waiting", attempts, last_attempt: { status: 500, reply: "not now" } });
      now = Date.parse(delivery?.next_attempt_at ?? "");
      minutes.push((now - began) / 60_000);
      if (attempts === 12) receiver.answer(answering(204));
      world.context.watch.poke(WEBHOOK_TOPIC);
    }
    expect(minutes.filter((minute) => minute <= 1)).toHaveLength(4);
    expect(minutes.at(-1)).toBeGreaterThan(75 * 60);
    expect(await settled(world, 13)).toMatchObject([{ state: "delivered", last_attempt: { status: 204 } }]);
    expect(receiver.received).toHaveLength(13);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    const last = receiver.received.at(-1);
    expect(last?.headers["webhook-timestamp"]).toBe(String(Math.floor(now / 1000)));
    expect(last && (await isGenuine(world, last))).toBe(true);
  });

  test("that never comes back is given up", async () => {
    let now = Date.now();
    const [world, receiver] = [await worldOf({ now: () => now }), await startReceiver()];
    receiver.answer(answering(503));
    await cancel(world, receiver.url);
    for (let attempts = 1; attempts <= 13; attempts++) {
      await settled(world, attempts);
      now += 24 * HOUR;
      world.context.watch.poke(WEBHOOK_TOPIC);
    }
    expect(await log(world)).toMatchObject([{ state: "failed", attempts: 13, next_attempt_at: null }]);
  });

  test("that asks for patience gets it", async () => {
    const now = Date.now();
    const [world, receiver] = [await worldOf({ now: () => now }), await startReceiver()];
    receiver.answer(answering(429, "", { "retry-after": "7200" }));
    await cancel(world, receiver.url);
    const [delivery] = await settled(world);
    expect(Date.parse(delivery?.next_attempt_at ?? "") - now).toBe(2 * HOUR);
  });

  test("that is gone is not asked again", async () => {
    const [world, receiver] = [await worldOf(), await startReceiver()];
    receiver.answer(answering(410));
    await cancel(world, receiver.url);
    expect(await settled(world)).toMatchObject([{ state: "failed", last_attempt: { status: 410 } }]);
  });

  test("that redirects has failed, and is not followed", async () => {
    const [world, receiver, canary] = [await worldOf(), await startReceiver(), await startReceiver()];
    receiver.answer(answering(302, "", { location: canary.url }));
    await cancel(world, receiver.url);
    expect(await settled(world)).toMatchObject([{ state: "waiting", last_attempt: { status: 302 } }]);
    expect(canary.received).toEqual([]);
  });

  test("that hangs up is tried again; of one that talks without end a kilobyte is read", async () => {
    const [world, rude, talker] = [await worldOf(), await startReceiver(), await startReceiver()];
    rude.answer((response) => response.destroy());
    talker.answer((response) => {
      response.writeHead(200);
      const more = () => response.write("x".repeat(60_000), () => !response.destroyed && setImmediate(more));
      more();
    });
    const [, second] = [await cancel(world, rude.url), await cancel(world, talker.url)];
    const deliveries = await settled(world);
    for (const { run, state, last_attempt } of deliveries) {
      expect(state).toBe(run === second.id ? "delivered" : "waiting");
      expect(last_attempt?.reply ?? null).toEqual(run === second.id ? "x".repeat(1024) : null);
      expect(last_attempt?.error ?? "").toMatch(run === second.id ? /^$/ : /^127\.0\.0\.1:\d+ does not answer/);
    }
  });

  test("that is dead holds up nobody else", async () => {
    const [world, dead, healthy] = [await worldOf(), await startReceiver(), await startReceiver("127.0.0.2")];
    dead.answer(() => {});
    for (let count = 0; count < 8; count++) await cancel(world, dead.url);
    const { id } = await cancel(world, healthy.url);
    await vi.waitFor(() => expect(healthy.received.map((one) => bodyOf(one).id)).toEqual([id]));
    const tried = (await log(world)).filter(({ url, last_attempt }) => url === dead.url && last_attempt !== null);
    expect(tried).toHaveLength(4);
  });
});

describe("addresses inside", () => {
  test.each(["http://127.0.0.1:9/x", "http://2130706433/", "http://[::1]/", "http://you:pw@example.com/"])(
    "%s is refused when the run is made",
    async (webhook) => {
      const world = await makeWorld({});
      const body = { version: ECHO.versionId, input: {}, webhook };
      const reply = await world.call("POST", "/v1/predictions", body);
      expect(reply.status).toBe(422);
      expect((await read(reply, Problem)).invalid_fields).toMatchObject([{ field: "webhook" }]);
    },
  );

  test("behind a name are not connected to", async () => {
    const world = await makeWorld({}, { webhooks: true, resolveHost: async () => ["93.184.216.34", "127.0.0.1"] });
    const canary = await startReceiver();
    await cancel(world, canary.url.replace("127.0.0.1", "innocent.example"));
    const [delivery] = await settled(world);
    expect(delivery?.last_attempt?.error).toMatch(/is an address that is not allowed/);
    expect(canary.received).toEqual([]);
  });
});

describe("a server that is started again", () => {
  test("sends what the one before it had not sent", async () => {
    const [world, receiver] = [await worldOf({ webhooks: false }), await startReceiver()];
    const { id } = await cancel(world, receiver.url);
    const [waiting] = await log(world);
    expect(waiting).toMatchObject({ run: id, event: "completed", state: "waiting", attempts: 0 });
    startDelivering(world.context);
    await settled(world);
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([waiting?.id]);
  });

  test("sends again what was on its way, under the same id", async () => {
    const [world, receiver] = [await worldOf({ webhooks: false }), await startReceiver()];
    receiver.answer(() => {});
    const first = startDelivering(world.context);
    await cancel(world, receiver.url);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    await first.stop();
    receiver.answer(answering(200));
    startDelivering(world.context);
    expect(await settled(world)).toMatchObject([{ state: "delivered", attempts: 1 }]);
    const [one, two] = receiver.received.map(({ headers, body }) => ({ id: headers["webhook-id"], body }));
    expect(two).toEqual(one);
  });
});

describe("the log", () => {
  test("sends a message again when asked to, and shows its words", async () => {
    const [world, receiver] = [await worldOf(), await startReceiver()];
    receiver.answer(answering(410));
    await cancel(world, receiver.url);
    const [failed] = await settled(world);
    receiver.answer(answering(200));
    expect((await world.call("POST", `/v1/webhooks/deliveries/${failed?.id}/resend`)).status).toBe(200);
    await vi.waitFor(async () => expect(await log(world)).toMatchObject([{ id: failed?.id, state: "delivered" }]));
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([failed?.id, failed?.id]);
    const shown = await (await world.call("GET", `/v1/webhooks/deliveries/${failed?.id}`)).json();
    expect(shown).toHaveProperty("body", receiver.received[0]?.body);
  });

  test("is one's own: someone else finds nothing", async () => {
    const [world, receiver] = [await worldOf(), await startReceiver()];
    await cancel(world, receiver.url);
    const [delivery] = await settled(world);
    const headers = { Authorization: `Bearer ${world.otherToken}` };
    const page = read(world.call("GET", "/v1/webhooks/deliveries", undefined, headers), WebhookDeliveryPage);
    expect((await page).results).toEqual([]);
    for (const [method, path] of [
      ["GET", ""],
      ["POST", "/resend"],
    ] as const) {
      const reply = await world.call(method, `/v1/webhooks/deliveries/${delivery?.id}${path}`, undefined, headers);
      expect(reply.status).toBe(404);
    }
    const secrets = [{}, headers].map(
      async (own) => (await read(world.call("GET", "/v1/webhooks/default/secret", undefined, own), WebhookSecret)).key,
    );
    const [mine, theirs] = await Promise.all(secrets);
    expect(mine).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(theirs).not.toBe(mine);
    expect(receiver.received).toHaveLength(1);
  });
});
