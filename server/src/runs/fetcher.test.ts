import { readdirSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { File, Prediction, PreflightReport, Problem, Training } from "@easel/contract";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { sha256Hex } from "../ids.ts";
import { BUILTINS } from "../models/builtin.ts";
import { makePicture, makeZip } from "../testing/archives.ts";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, type World, type WorldOptions } from "../testing/world.ts";
import { InputFetcher } from "./fetcher.ts";
import { listWaitingRuns } from "./queue.ts";
import { findRun } from "./store.ts";

/** The internet of these tests: an address that the operator allows. */
const OUTSIDE = "127.0.0.2";
const ZIP = readFileSync(new URL("../../../examples/fluent-3d.zip", import.meta.url));

interface Elsewhere {
  host: string;
  url: string;
  asked: () => number;
  gone: () => number;
}

/** A web server somewhere, which answers every question so. */
async function listenElsewhere(answer: (response: ServerResponse) => void): Promise<Elsewhere> {
  let [asked, gone] = [0, 0];
  const server = createServer((request, response) => {
    asked += 1;
    request.socket.once("close", () => {
      gone += 1;
    });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, OUTSIDE, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `${OUTSIDE}:${(server.address() as AddressInfo).port}`;
  return { host, url: `http://${host}/data.zip`, asked: () => asked, gone: () => gone };
}

function world(settings: Record<string, string> = {}, options: WorldOptions = { fetching: true }): Promise<World> {
  return makeWorld({ EASEL_FETCH_ALLOW: OUTSIDE, ...settings }, options);
}

async function train({ call }: World, input_images: string, input: object = {}): Promise<string> {
  await call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const body = { destination: "you/toy", input: { input_images, ...input } };
  const reply = await call("POST", `/v1/models/easel/echo/versions/${ECHO.versionId}/trainings`, body);
  const training = await read(reply, Training);
  expect(training).toMatchObject({ status: "starting", input: { input_images } });
  expect(reply.status).toBe(201);
  return training.id;
}

/** The training once it has ended, and its events. */
async function ended({ call }: World, id: string) {
  const events = await (await call("GET", `/v1/runs/${id}/events`)).text();
  return { ...(await read(call("GET", `/v1/trainings/${id}`), Training)), events };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a training whose images are elsewhere is fetched first, and then trained as any other", async () => {
  const elsewhere = await listenElsewhere((response) => response.setHeader("Content-Length", ZIP.length).end(ZIP));
  const easel = await world({}, { fetching: true, processes: true });
  const training = await ended(easel, await train(easel, elsewhere.url, { steps: 2 }));
  expect(training).toMatchObject({ status: "succeeded", error: null });
  expect(training.logs).toContain(`Fetched input_images from ${elsewhere.host}: 486kB.`);
  expect(training.logs.indexOf("Fetched")).toBeLessThan(training.logs.indexOf("16 images read"));
  expect(training.logs.indexOf("16 images read")).toBeLessThan(training.logs.indexOf("Training on"));
  expect(training.events).toMatch(/event: stage\s+data: \{"attempt":0,[^\n]*"name":"fetching input_images"/);
});

test("a run waits for its files before it can wait for a process; a restarted server goes on fetching", async () => {
  let answer = (_response: ServerResponse): void => {};
  const elsewhere = await listenElsewhere((response) => answer(response));
  const easel = await world({}, {});
  const first = new InputFetcher(easel.context);
  first.start();
  const id = await train(easel, elsewhere.url);
  await until(() => elsewhere.asked() === 1);
  expect(await listWaitingRuns(easel.context.db)).toEqual([]);
  await first.stop();
  expect((await findRun(easel.context.db, id))?.status).toBe("starting");
  answer = (response) => response.end(ZIP);
  const second = new InputFetcher(easel.context);
  onTestFinished(() => second.stop());
  second.start();
  await until(async () => (await listWaitingRuns(easel.context.db)).length === 1);
  expect(elsewhere.asked()).toBe(2);
});

test("a cancel ends a run and the fetching for it, and leaves nothing behind", async () => {
  const elsewhere = await listenElsewhere((response) => {
    response.write(ZIP.subarray(0, 100_000));
  });
  const easel = await world();
  const id = await train(easel, elsewhere.url);
  await until(() => elsewhere.asked() === 1);
  const canceled = await easel.call("POST", `/v1/trainings/${id}/cancel`);
  expect(await canceled.json()).toMatchObject({ status: "canceled" });
  await until(() => elsewhere.gone() === 1);
  const incoming = join(easel.context.config.dataFolder, "incoming");
  await until(() => readdirSync(incoming).length === 0);
});

test.each<[string, Parameters<typeof listenElsewhere>[0], string]>([
  ["a web page", (response) => response.end("<!doctype html><p>Log in"), "answered a web page, not a zip or tar."],
  ["a picture", async (response) => response.end(await makePicture()), "answered a picture (PNG), not a zip or tar."],
  ["nothing", (response) => response.end(), "answered an empty file, not a zip or tar."],
  ["an error", (response) => response.writeHead(403).end(), "answered 403 (Forbidden), not a file."],
  ["more than is taken", (response) => response.end(ZIP), "offers more than 100kB, which is the most that is taken."],
  [
    "more than is taken, and says so",
    (response) => response.setHeader("Content-Length", ZIP.length).end(ZIP),
    "offers more than 100kB, which is the most that is taken.",
  ],
  [
    "a redirect inside",
    (response) => response.writeHead(302, { Location: "http://169.254.169.254/" }).end(),
    "169.254.169.254 is an address that is not allowed",
  ],
])("an address that answers %s is a failed run that names host and reason", async (_what, answer, words) => {
  const elsewhere = await listenElsewhere(answer);
  const easel = await world({ EASEL_MAX_UPLOAD: "100000" });
  const training = await ended(easel, await train(easel, elsewhere.url));
  expect(training.status).toBe("failed");
  expect(training.error).toMatch(/^input_images could not be fetched: /);
  expect(training.error).toContain(words);
  if (!words.startsWith("169")) expect(training.error).toContain(elsewhere.host);
  expect(readdirSync(join(easel.context.config.dataFolder, "incoming"))).toEqual([]);
});

test("without the operator's leave nothing inside is reached, and an archive is judged as an uploaded one is", async () => {
  const elsewhere = await listenElsewhere((response) => response.end(makeZip([{ name: "a.md" }])));
  const closed = await world({ EASEL_FETCH_ALLOW: "" });
  const refused = await ended(closed, await train(closed, elsewhere.url));
  expect(refused).toMatchObject({ status: "failed", error: expect.stringContaining("not allowed") });
  expect(elsewhere.asked()).toBe(0);
  const open = await world();
  const judged = await ended(open, await train(open, elsewhere.url));
  expect(judged.status).toBe("failed");
  expect(judged.error).toMatch(/^input_images: The archive has no picture that can be read: "a\.md" is an empty file/);
});

test("preflight fetches too, and says what it cannot have", async () => {
  const elsewhere = await listenElsewhere((response) => response.end(ZIP));
  const easel = await world();
  const report = await easel.call("POST", "/v1/preflight", { input_images: elsewhere.url });
  expect(await report.json()).toMatchObject({ verdict: "ready", captions: { csv: 16 } });
  const inside = await easel.call("POST", "/v1/preflight", { input_images: "http://127.0.0.1/data.zip" });
  expect(inside.status).toBe(422);
  expect((await read(inside, Problem)).detail).toContain("not allowed");
});

test("a file that a run made is found by its link, whatever the host, and nothing is fetched", async () => {
  const easel = await world({ EASEL_FETCH_ALLOW: "" }, { fetching: true, processes: true });
  const body = new FormData();
  body.append("content", new Blob([ZIP]), "data.zip");
  const headers = { Authorization: `Bearer ${easel.token}` };
  const uploaded = await read(easel.app.request("/v1/files", { method: "POST", body, headers }), File);
  const training = await ended(easel, await train(easel, uploaded.urls.get, { steps: 1 }));
  const link = String(training.output?.weights).replace("localhost", "easel.example");
  expect(link).toMatch(/^http:\/\/easel\.example\/v1\/runs\//);
  const report = await read(easel.call("POST", "/v1/preflight", { input_images: link }), PreflightReport);
  expect(report.advice[0]).toMatch(/^The archive has no picture that can be read/);
  const unsigned = await easel.call("POST", "/v1/preflight", { input_images: link.replace(/signature=.*/, "") });
  expect((await read(unsigned, Problem)).detail).toMatch(/easel\.example could not be looked up|There is no host/);
});

test("weights among the inputs, in a list too, come as files: fetched, stored, or found where they are", async () => {
  const elsewhere = await listenElsewhere((response) => response.end("LoRA"));
  const emoji = BUILTINS.filter(({ name }) => name === "emoji");
  const easel = await world({}, { fetching: true, builtins: emoji });
  const body = new FormData();
  body.append("content", new Blob(["own"]), "own.safetensors");
  const headers = { Authorization: `Bearer ${easel.token}` };
  const own = (await read(easel.app.request("/v1/files", { method: "POST", body, headers }), File)).urls.get;
  const input = {
    replicate_weights: elsewhere.url,
    loras: [{ url: elsewhere.url, scale: 0.5 }, { url: "data:;base64,TG9SQQ==" }, { url: own }],
  };
  const created = await read(easel.call("POST", "/v1/models/easel/emoji/predictions", { input }), Prediction);
  const [fetched, inline, stored] = z.array(z.object({ url: z.string() })).parse(created.input.loras);
  expect(fetched?.url).toBe(elsewhere.url);
  expect(inline?.url).toMatch(/^http:\/\/localhost\/v1\/files\/[^/]+$/);
  expect(stored?.url).toBe(own);
  await until(async () => (await listWaitingRuns(easel.context.db)).length === 1);
  const run = await findRun(easel.context.db, created.id);
  const lora = sha256Hex("LoRA");
  expect(JSON.parse(run?.files ?? "")).toEqual({
    replicate_weights: { sha256: lora },
    "loras.0.url": { sha256: lora },
    "loras.1.url": { sha256: lora },
    "loras.2.url": { sha256: sha256Hex("own") },
  });
  const { logs } = await read(easel.call("GET", `/v1/predictions/${created.id}`), Prediction);
  expect(logs).toContain(`Fetched loras.0.url from ${elsewhere.host}`);
});

test("weights that are nowhere are refused by their place; left blank they are none", async () => {
  const emoji = BUILTINS.filter(({ name }) => name === "emoji");
  const easel = await world({}, { builtins: emoji });
  const predict = (input: object) => easel.call("POST", "/v1/models/easel/emoji/predictions", { input });
  const gone = "http://localhost/v1/files/gone";
  for (const [input, field] of [
    [{ replicate_weights: "toy.tar" }, "input.replicate_weights"],
    [{ loras: [{ url: gone }] }, "input.loras.0.url"],
    [{ loras: [{ url: "toy.tar" }] }, "input.loras.0.url"],
    [{ loras: [{ url: gone, weight: 1 }] }, "input.loras.0"],
  ] as const) {
    const reply = await predict(input);
    expect(reply.status).toBe(422);
    expect((await read(reply, Problem)).invalid_fields).toMatchObject([{ field }]);
  }
  expect((await predict({ replicate_weights: "", loras: [] })).status).toBe(201);
});
