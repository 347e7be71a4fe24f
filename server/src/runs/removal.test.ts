/** What predictions were given goes with them when their time is over, and nothing that somebody else still names. */
import { readFileSync, utimesSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { File, Prediction, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { sha256Hex } from "../ids.ts";
import { BUILTINS } from "../models/builtin.ts";
import { checkFolder } from "../space/fsck.ts";
import { read } from "../testing/read.ts";
import { listDataFiles, makeWorld, type World } from "../testing/world.ts";
import { removeDueData } from "./removal.ts";

const HOUR = 3_600_000;
const EMOJI = BUILTINS.filter(({ name }) => name === "emoji");

/** A world without processes, whose clock goes by hand, and which keeps data for an hour. */
async function makeForgetfulWorld() {
  let now = Date.now();
  const settings = { EASEL_RETENTION: "1h" };
  const world = await makeWorld(settings, { now: () => now, builtins: EMOJI, databaseFile: true });
  const pass = async (ms: number) => {
    now += ms;
    return removeDueData(world.context);
  };
  return { world, pass, now: () => now };
}

function create(world: World, input: object): Promise<Response> {
  return world.call("POST", "/v1/models/easel/emoji/predictions", { input });
}

/** A prediction that has ended: nobody draws here. */
async function createEnded(world: World, input: object): Promise<Prediction> {
  const { id } = await read(create(world, input), Prediction);
  return read(world.call("POST", `/v1/predictions/${id}/cancel`), Prediction);
}

async function upload(world: World, text: string): Promise<File> {
  const form = new FormData();
  form.append("content", new Blob([text]), "a.txt");
  const headers = { Authorization: `Bearer ${world.token}` };
  return read(world.app.request("/v1/files", { method: "POST", body: form, headers }), File);
}

const dataUri = (text: string) => `data:;base64,${Buffer.from(text).toString("base64")}`;

/** The files of the data folder, the database's own too, that hold the word. */
async function holding({ context }: World, word: string): Promise<string[]> {
  const files = await listDataFiles(context);
  return files.filter((file) => readFileSync(join(context.config.dataFolder, file)).includes(word));
}

test("the bytes of data: URIs among the inputs go with them, wherever they stood", async () => {
  const { world, pass } = await makeForgetfulWorld();
  const input = { image: dataUri("canary one"), loras: [{ url: dataUri("canary two") }] };
  const { id } = await createEnded(world, input);
  expect(await holding(world, "canary")).toHaveLength(2);
  expect(await pass(HOUR - 60_000)).toBe(0);
  expect(await pass(120_000)).toBe(1);
  expect(await holding(world, "canary")).toEqual([]);
  expect(await world.context.db.selectFrom("files").selectAll().execute()).toEqual([]);
  expect(await read(world.call("GET", `/v1/predictions/${id}`), Prediction)).toMatchObject({ data_removed: true });
  expect((await checkFolder(world.context)).faults).toEqual([]);
});

test("what an uploaded file, another prediction or one that waits has too stays as long as they have it", async () => {
  const { world, pass } = await makeForgetfulWorld();
  const { blobs } = world.context;
  const uploaded = await upload(world, "uploaded");
  const has = (text: string) => blobs.has(sha256Hex(text));
  await createEnded(world, { image: dataUri("uploaded"), mask: dataUri("twice"), prompt: `/v1/files/${uploaded.id}` });
  await createEnded(world, { image: uploaded.urls.get, mask: dataUri("waiting") });
  await read(create(world, { image: dataUri("waiting") }), Prediction);
  await pass(HOUR / 2);
  const second = await createEnded(world, { image: dataUri("twice") });
  expect(await pass(HOUR / 2)).toBe(2);
  expect(await Promise.all(["uploaded", "twice", "waiting"].map(has))).toEqual([true, true, true]);
  expect((await world.call("GET", `/v1/files/${uploaded.id}`)).status).toBe(200);
  const image = String((await read(world.call("GET", `/v1/predictions/${second.id}`), Prediction)).input.image);
  expect((await world.call("GET", new URL(image).pathname)).status).toBe(200);
  expect(await pass(HOUR / 2)).toBe(1);
  expect(await Promise.all(["uploaded", "twice", "waiting"].map(has))).toEqual([true, false, true]);
  expect((await checkFolder(world.context)).faults).toEqual([]);
});

test("bytes that somebody has just sent again are not taken from under them", async () => {
  const { world, pass, now } = await makeForgetfulWorld();
  const sha256 = sha256Hex("again");
  await createEnded(world, { image: dataUri("again") });
  // As a create does that has not got to its row yet.
  const soon = new Date(now() + HOUR);
  utimesSync(world.context.blobs.path(sha256), soon, soon);
  expect(await pass(HOUR)).toBe(1);
  expect(await world.context.blobs.has(sha256)).toBe(true);
});

test("a run is not made of a file whose bytes are gone", async () => {
  const { world } = await makeForgetfulWorld();
  const { checksums, urls } = await upload(world, "gone");
  await unlink(world.context.blobs.path(checksums.sha256));
  const refused = await create(world, { image: urls.get });
  expect(await read(refused, Problem)).toMatchObject({
    status: 422,
    invalid_fields: [{ field: "input.image", description: expect.stringContaining("upload it again") }],
  });
});
