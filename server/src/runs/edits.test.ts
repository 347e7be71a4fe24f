import { readFileSync } from "node:fs";
import { File, Problem, Training, VersionPage } from "@easel/contract";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "../ids.ts";
import { makePicture, makeZip } from "../testing/archives.ts";
import { read } from "../testing/read.ts";
import { makeWorld, type World } from "../testing/world.ts";
import { RunFiles } from "./claim.ts";
import { findRun } from "./store.ts";

const ONE = await makePicture("png", 40, 1);
const TWO = await makePicture("png", 64, 3);
const [one, two] = [ONE, TWO].map((bytes) => sha256Hex(bytes));
const ARCHIVE = makeZip([
  { name: "one.png", data: ONE },
  { name: "two.png", data: TWO },
]);
const MASK = `data:image/png;base64,${(await makePicture("png", 40, 5)).toString("base64")}`;

async function upload(world: World, bytes: Uint8Array): Promise<string> {
  const form = new FormData();
  form.append("content", new Blob([new Uint8Array(bytes)]), "data");
  const headers = { Authorization: `Bearer ${world.token}` };
  return (await read(world.app.request("/v1/files", { method: "POST", body: form, headers }), File)).urls.get;
}

async function train(world: World, edits: unknown): Promise<Response> {
  await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const versions = await read(world.call("GET", "/v1/models/easel/emoji/versions"), VersionPage);
  const path = `/v1/models/easel/emoji/versions/${versions.results[0]?.id}/trainings`;
  const input = { input_images: await upload(world, ARCHIVE), edits };
  return world.call("POST", path, { destination: "you/toy", input });
}

/** The edits as the model will read them. */
async function readBack(world: World, reply: Response): Promise<unknown> {
  expect(reply.status).toBe(201);
  const run = await findRun(world.context.db, (await read(reply, Training)).id);
  const { edits } = RunFiles.parse(JSON.parse(run?.files ?? "{}"));
  return JSON.parse(readFileSync(world.context.blobs.path(edits?.sha256 ?? ""), "utf8"));
}

describe("taken", () => {
  const edits = { [String(one)]: { crop: [10, 0, 30], caption: "a TOK fox" }, [String(two)]: { drop: true } };

  test("as an object, and as a file", async () => {
    const world = await makeWorld();
    expect(await readBack(world, await train(world, edits))).toEqual(edits);
    const url = await upload(world, Buffer.from(JSON.stringify(edits)));
    expect(await readBack(world, await train(world, url))).toEqual(edits);
  });

  test("with masks, which the model gets as data: URIs wherever they were", async () => {
    const world = await makeWorld();
    const url = await upload(world, Buffer.from(MASK.slice(MASK.indexOf(",") + 1), "base64"));
    const given = { [String(one)]: { mask: url }, [String(two)]: { mask: MASK } };
    expect(await readBack(world, await train(world, given))).toEqual({
      [String(one)]: { mask: MASK },
      [String(two)]: { mask: MASK },
    });
  });
});

test.each<[string, unknown, RegExp]>([
  ["of an image that is not there", { ["0".repeat(64)]: { drop: true } }, /edits\.0{64}: No image of the archive/],
  [
    "with a crop beyond the picture",
    { [String(one)]: { crop: [20, 0, 30] } },
    /crop: Reaches beyond one\.png, which is 40 × 40/,
  ],
  ["with a crop of nothing", { [String(one)]: { crop: [0, 0, 0] } }, /crop/],
  ["with half a crop", { [String(one)]: { crop: [0, 0] } }, /crop: must be \[x, y, side\]/],
  ["with an unknown word", { [String(one)]: { rotate: 90 } }, /rotate/],
  ["that drop everything", { [String(one)]: { drop: true }, [String(two)]: { drop: true } }, /drop every image/],
  ["with a mask that is none", { [String(one)]: { mask: "data:,hello" } }, /mask: Is no picture/],
  [
    "with a mask elsewhere",
    { [String(one)]: { mask: "http://127.0.0.1/x.png" } },
    /mask: Must be the URL of a file on this server/,
  ],
  ["that are no JSON", "data:,hello", /edits: Is not JSON/],
  ["that are a list", "data:,[]", /edits: /],
])("edits %s are refused by name", async (_what, edits, words) => {
  const reply = await train(await makeWorld(), edits);
  expect(reply.status).toBe(422);
  expect((await read(reply, Problem)).detail).toMatch(words);
});
