import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { File, GarbageReport, Prediction, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { sha256Hex } from "../ids.ts";
import { upsertExample } from "../runs/examples.ts";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho } from "../testing/training.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";
import { checkFolder } from "./fsck.ts";

const HOUR = 60 * 60 * 1000;

async function upload(world: World, text: string) {
  const form = new FormData();
  form.append("content", new Blob([text]), "a.txt");
  const headers = { Authorization: `Bearer ${world.token}` };
  return read(world.app.request("/v1/files", { method: "POST", body: form, headers }), File);
}

function collect(world: World, dry_run = false) {
  return read(world.call("POST", "/v1/gc", { dry_run }), GarbageReport);
}

test("what nothing names is freed a day later, and what is named, or was asked for again, never", async () => {
  let late = 0;
  const world = await makeWorld({}, { now: () => Date.now() + late });
  const { blobs } = world.context;
  const [deleted, kept, again] = [
    await upload(world, "deleted"),
    await upload(world, "kept"),
    await upload(world, "again"),
  ];
  for (const { id } of [deleted, again]) await world.call("DELETE", `/v1/files/${id}`);
  expect(await collect(world)).toMatchObject({ bytes: 0 });
  late = 25 * HOUR;
  expect(await collect(world, true)).toMatchObject({ dry_run: true, bytes: "deleted".length + "again".length });
  expect(await blobs.has(deleted.checksums.sha256)).toBe(true);
  // Uploaded once more a day later: the clock of the file is the machine's, so the test's is taken back.
  late = 0;
  const body = { version: ECHO.versionId, input: { file: (await upload(world, "again")).urls.get } };
  expect((await world.call("POST", "/v1/predictions", body)).status).toBeLessThan(500);
  late = 25 * HOUR;
  expect(await collect(world)).toMatchObject({ dry_run: false, bytes: "deleted".length });
  expect(await blobs.has(deleted.checksums.sha256)).toBe(false);
  for (const { checksums } of [kept, again]) expect(await blobs.has(checksums.sha256)).toBe(true);
  expect((await checkFolder(world.context)).faults).toEqual([]);
});

test("a blob that somebody is about to name is not taken from under them", async () => {
  const world = await makeWorld();
  const { sha256 } = (await upload(world, "old")).checksums;
  const { blobs } = world.context;
  const soon = Date.now() + HOUR;
  expect(await blobs.removeOlder(sha256, Date.now() - HOUR)).toBe(false);
  const [kept, removed] = await Promise.all([blobs.keep(sha256), blobs.removeOlder(sha256, Date.now() - 1)]);
  expect([kept, removed, await blobs.has(sha256)]).toEqual([true, false, true]);
  expect([await blobs.removeOlder(sha256, soon), await blobs.keep(sha256)]).toEqual([true, false]);
});

test("of a run that has ended its training states go, and folders of runs that never were", async () => {
  let late = 0;
  const world = await makeWorld({}, { processes: true, now: () => Date.now() + late });
  const { dataFolder } = world.context.config;
  const id = await trainEcho(world, { steps: 4, state_every: 2 });
  expect((await endedTraining(world, id)).status).toBe("succeeded");
  mkdirSync(join(dataFolder, "runs", "gone"));
  writeFileSync(join(dataFolder, "runs", "gone", "a"), "12345");
  late = 25 * HOUR;
  const report = await collect(world);
  const [, , states, folders] = report.results;
  expect([states?.count, folders?.count, folders?.bytes]).toEqual([2, 1, 5]);
  expect(states?.bytes).toBeGreaterThan(0);
  expect(statSync(join(dataFolder, "runs", id)).isDirectory()).toBe(true);
  expect((await checkFolder(world.context)).faults).toEqual([]);
});

test("what is gone or damaged is named with its row", async () => {
  const world = await makeWorld();
  const [damaged, gone] = [await upload(world, "damaged"), await upload(world, "gone")];
  expect(await checkFolder(world.context)).toMatchObject({ faults: [], unnamed: { count: 0 } });
  const path = world.context.blobs.path(damaged.checksums.sha256);
  chmodSync(path, 0o644);
  writeFileSync(path, readFileSync(path, "utf8").replace("d", "D"));
  rmSync(world.context.blobs.path(gone.checksums.sha256));
  const { faults } = await checkFolder(world.context);
  expect(faults.sort()).toEqual(
    [
      `file ${damaged.id} is damaged: ${path}`,
      `file ${gone.id} is gone: ${world.context.blobs.path(gone.checksums.sha256)}`,
    ].sort(),
  );
});

/** Deletes what is under the path, and gives the bytes that this frees. */
async function freedBy(world: World, path: string): Promise<number> {
  const reply = await world.call("DELETE", `/v1${path}`);
  expect([reply.status, await reply.text()]).toEqual([204, ""]);
  return Number(reply.headers.get("easel-frees-bytes") ?? "nothing said");
}

test("a delete says what it frees: nothing where somebody else has the same bytes", async () => {
  const world = await makeWorld();
  const [one, same] = [await upload(world, "the same"), await upload(world, "the same")];
  expect([await freedBy(world, `/files/${one.id}`), await freedBy(world, `/files/${same.id}`)]).toEqual([0, 8]);
});

test("a deleted version frees its weights, also where its training keeps them, and a model nothing besides", async () => {
  let late = 0;
  const world = await makeWorld({}, { processes: true, now: () => Date.now() + late });
  const { version = "", weights = "" } =
    (await endedTraining(world, await trainEcho(world, { steps: 2, sample_every: 1 }))).output ?? {};
  const size = Number((await world.app.request(weights)).headers.get("content-length"));
  expect(await freedBy(world, `/models/you/toy/versions/${version.split(":")[1]}`)).toBe(size);
  expect(await freedBy(world, "/models/you/toy")).toBe(0);
  expect((await world.app.request(weights)).status).toBe(200);
  late = 25 * HOUR;
  const [planned, done, again] = [await collect(world, true), await collect(world), await collect(world)];
  expect([planned.bytes, done.bytes, again.bytes]).toEqual([size, size, 0]);
  expect(done.results[1]).toMatchObject({ count: 1, bytes: 0 });
  expect((await world.app.request(weights)).status).toBe(404);
  expect((await checkFolder(world.context)).faults).toEqual([]);
});

test("what an earlier gc left of a deleted version is freed too", async () => {
  let late = 0;
  const world = await makeWorld({}, { processes: true, now: () => Date.now() + late });
  const { version = "", weights = "" } =
    (await endedTraining(world, await trainEcho(world, { steps: 1 }))).output ?? {};
  const tar = Buffer.from(await (await world.app.request(weights)).arrayBuffer());
  await freedBy(world, `/models/you/toy/versions/${version.split(":")[1]}`);
  rmSync(world.context.blobs.path(sha256Hex(tar)));
  late = 25 * HOUR;
  expect((await collect(world)).results[1]).toMatchObject({ count: 1, bytes: tar.length });
});

test("a run that is deleted leaves its row, and of a training what it published", async () => {
  const world = await makeWorld({}, { processes: true });
  const input = { text: "canary", format: "txt" };
  const body = { version: ECHO.versionId, input };
  const asked = world.call("POST", "/v1/predictions", body, { Prefer: "wait" });
  const prediction = await read(asked, Prediction);
  const id = await trainEcho(world, { steps: 4, sample_every: 1 });
  const { output, input: given } = await endedTraining(world, id);
  expect(given).not.toEqual({});
  const folder = (run: string) => join(world.context.config.dataFolder, "runs", run);
  for (const run of [prediction.id, id]) expect(await freedBy(world, `/runs/${run}`)).toBeGreaterThan("canary".length);
  expect(existsSync(folder(prediction.id))).toBe(false);
  const gone = await read(world.call("GET", `/v1/predictions/${prediction.id}`), Prediction);
  expect(gone).toMatchObject({ status: "succeeded", data_removed: true, input: {}, output: null, logs: "" });
  expect(await endedTraining(world, id)).toMatchObject({ data_removed: true, input: {}, output, logs: "" });
  expect((await world.app.request(output?.weights ?? "")).status).toBe(200);
  const used = { version: output?.version.split(":")[1], input };
  const drawn = await read(world.call("POST", "/v1/predictions", used, { Prefer: "wait" }), Prediction);
  expect(drawn.status).toBe("succeeded");
  expect((await checkFolder(world.context)).faults).toEqual([]);
});

test("a run is not deleted before it has ended, nor while a model shows it", async () => {
  const world = await makeWorld();
  const { id } = await read(world.call("POST", "/v1/predictions", { version: ECHO.versionId, input: {} }), Prediction);
  const refused = async () => {
    const reply = await world.call("DELETE", `/v1/runs/${id}`);
    return [reply.status, (await read(reply, Problem)).detail];
  };
  expect(await refused()).toEqual([422, expect.stringContaining("Cancel it")]);
  await world.call("POST", `/v1/predictions/${id}/cancel`);
  const model = await world.context.db.selectFrom("models").select("id").where("name", "=", "echo").executeTakeFirst();
  await upsertExample(world.context.db, { model_id: model?.id ?? "", run_id: id, marked_at: "2026-01-01T00:00:00Z" });
  expect(await refused()).toEqual([422, expect.stringContaining(`/examples/${id} first`)]);
});
