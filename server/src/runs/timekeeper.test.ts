import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Prediction, PredictionPage, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho } from "../testing/training.ts";
import { ECHO, listDataFiles, makeWorld, type World } from "../testing/world.ts";
import { upsertExample } from "./examples.ts";
import { removeDueData } from "./removal.ts";
import { cancelOverdueRuns } from "./timekeeper.ts";

const HOUR = 3_600_000;

function create(world: World, headers: Record<string, string> = {}, more: object = {}) {
  return world.call("POST", "/v1/predictions", { version: ECHO.versionId, input: {}, ...more }, headers);
}

test.each<[given: string, headers: Record<string, string>, body: object, seconds: number]>([
  ["a unit", { "Cancel-After": "5m" }, {}, 300],
  ["several units", { "Cancel-After": "1h30m45s" }, {}, 5445],
  ["no unit", { "Cancel-After": "90" }, {}, 90],
  ["the body's older word", {}, { lifetime: "5m" }, 300],
])("a deadline is taken with %s, and a run past it is canceled", async (_given, headers, body, seconds) => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const world = await makeWorld({}, { now: () => now });
  const { id, deadline } = await read(create(world, headers, body), Prediction);
  expect(deadline).toBe(new Date(now + seconds * 1000).toISOString());
  now += seconds * 1000 - 1;
  await cancelOverdueRuns(world.context);
  expect(await read(world.call("GET", `/v1/predictions/${id}`), Prediction)).toMatchObject({ status: "starting" });
  now += 1;
  await cancelOverdueRuns(world.context);
  const ended = await read(world.call("GET", `/v1/predictions/${id}`), Prediction);
  expect(ended).toMatchObject({ status: "canceled", deadline });
});

test.each(["4s", "0", "soon", "5x", ""])("Cancel-After %s is refused in words that help", async (text) => {
  const world = await makeWorld();
  const refusal = await read(create(world, { "Cancel-After": text }), Problem);
  expect(refusal).toMatchObject({ status: 400, detail: expect.stringContaining("such as 30s, 5m or 1h30m") });
});

test("a running prediction is stopped at its deadline", async () => {
  let late = 0;
  const world = await makeWorld({}, { processes: true, now: () => Date.now() + late });
  const body = { input: { delay_seconds: 60 } };
  const { id } = await read(create(world, { "Cancel-After": "60s" }, body), Prediction);
  const shown = () => read(world.call("GET", `/v1/predictions/${id}`), Prediction);
  await expect.poll(async () => (await shown()).status, { timeout: 15_000 }).toBe("processing");
  late = 60_000;
  await cancelOverdueRuns(world.context);
  await expect.poll(async () => (await shown()).status, { timeout: 15_000 }).toBe("canceled");
});

test("predictions by the API are forgotten when their time is over; trainings and examples are not", async () => {
  let now = Date.now();
  const world = await makeWorld({ EASEL_RETENTION: "1h" }, { processes: true, now: () => now, databaseFile: true });
  const wait = (ms: number) => {
    now += ms;
    return removeDueData(world.context);
  };
  const ask = (text: string) => read(create(world, { Prefer: "wait" }, { input: { text, format: "txt" } }), Prediction);
  const [gone, example] = [await ask("canary"), await ask("kept")];
  const marked = { model_id: (await modelId(world)) ?? "", run_id: example.id, marked_at: example.created_at };
  await upsertExample(world.context.db, marked);
  const training = await endedTraining(world, await trainEcho(world, { steps: 1 }));
  expect(await holding(world, "canary")).not.toEqual([]);

  expect(await wait(HOUR - 60_000)).toBe(0);
  expect(await wait(120_000)).toBe(1);
  const shown = await read(world.call("GET", `/v1/predictions/${gone.id}`), Prediction);
  expect(shown).toMatchObject({ status: "succeeded", data_removed: true, input: {}, output: null, logs: "" });
  expect(shown.metrics).toHaveProperty("predict_time");
  expect(await holding(world, "canary")).toEqual([]);
  const kept = await read(world.call("GET", `/v1/predictions/${example.id}`), Prediction);
  expect(kept).toMatchObject({ data_removed: false, logs: "echo: kept\n" });
  expect(await endedTraining(world, training.id)).toMatchObject({ logs: training.logs, input: training.input });
  expect(await wait(HOUR)).toBe(0);
});

/** The files of the data folder, the database's own too, that hold the word. */
async function holding({ context }: World, word: string): Promise<string[]> {
  const files = (await listDataFiles(context)).filter((file) => !file.endsWith(".sock"));
  return files.filter((file) => readFileSync(join(context.config.dataFolder, file)).includes(word));
}

test("what a webhook has still to tell of is kept until it is told", async () => {
  let now = Date.now();
  const world = await makeWorld({ EASEL_RETENTION: "1h" }, { now: () => now });
  const { id } = await read(create(world, {}, { webhook: "https://example.com/hook" }), Prediction);
  await world.call("POST", `/v1/predictions/${id}/cancel`);
  now += 2 * HOUR;
  expect(await removeDueData(world.context)).toBe(0);
});

async function modelId({ context }: World): Promise<string | undefined> {
  return (await context.db.selectFrom("models").select("id").where("name", "=", "echo").executeTakeFirst())?.id;
}

test("a list of predictions is narrowed by time and by who asked, and its pages keep to it", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const world = await makeWorld({}, { now: () => now });
  const made: string[] = [];
  for (let number = 0; number < 103; number++) {
    made.push((await read(create(world, {}, { input: { text: String(number) } }), Prediction)).id);
    now += 1000;
  }
  const list = (query: string) => read(world.call("GET", `/v1/predictions${query}`), PredictionPage);
  const first = await list("?created_after=2026-01-01T00:00:00Z");
  const second = await list(new URL(first.next ?? "").search);
  expect([...first.results, ...second.results].map(({ id }) => id)).toEqual(made.slice(1).reverse());
  const early = await list("?created_before=2026-01-01T01:00:02%2B01:00");
  expect(early.results.map(({ id }) => id)).toEqual(made.slice(0, 2).reverse());
  expect((await list("?source=web")).results).toEqual([]);
  expect((await world.call("GET", "/v1/predictions?created_after=yesterday")).status).toBe(400);
  expect((await world.call("GET", "/v1/predictions?source=cli")).status).toBe(400);
});
