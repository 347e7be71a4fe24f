import { File, Problem, Training, TrainingPage, VersionPage } from "@easel/contract";
import { expect, test } from "vitest";
import { makePicture, makeZip } from "../testing/archives.ts";
import { read } from "../testing/read.ts";
import { listDataFiles, makeWorld, type World } from "../testing/world.ts";

const good = makeZip([{ name: "a.png", data: await makePicture() }]);

async function upload(world: World, bytes: Uint8Array): Promise<string> {
  const body = new FormData();
  body.append("content", new Blob([new Uint8Array(bytes)]), "data.zip");
  const headers = { Authorization: `Bearer ${world.token}` };
  const response = await world.app.request("/v1/files", { method: "POST", body, headers });
  return (await read(response, File)).urls.get;
}

async function train(world: World, input: Record<string, unknown>, destination = "you/toy"): Promise<Response> {
  await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const versions = await read(world.call("GET", "/v1/models/easel/emoji/versions"), VersionPage);
  const path = `/v1/models/easel/emoji/versions/${versions.results[0]?.id}/trainings`;
  return world.call("POST", path, { destination, input });
}

test.each<[string, Uint8Array, Record<string, unknown>, string]>([
  ["not a zip", Buffer.from("hello"), {}, "- input.input_images: That is not an archive that can be read."],
  ["an empty zip", makeZip([]), {}, "- input.input_images: The archive is empty."],
  [
    "no picture",
    makeZip([{ name: "a.md" }]),
    {},
    '- input.input_images: The archive has no picture that can be read: "a.md"',
  ],
  ["an unknown name", good, { steps: 5 }, "- input: Additional property steps is not allowed"],
  ["a wrong type", good, { resolution: "big" }, "- input.resolution: Invalid type. Expected: integer, given: string"],
  ["out of bounds", good, { train_batch_size: 65 }, "- input.train_batch_size: Must be less than or equal to 64"],
  ["no archive at all", good, { input_images: null }, "- input.input_images: Invalid type"],
  [
    "a path of the user's disk",
    good,
    { input_images: "data.zip" },
    "- input.input_images: Does not match format 'uri'. Upload",
  ],
  [
    "a file that is gone",
    good,
    { input_images: "http://host/v1/files/gone" },
    "- input.input_images: No file of yours",
  ],
])(
  "a training is refused for %s, by the field and with a way out, and leaves nothing",
  async (_what, archive, input, words) => {
    const world = await makeWorld();
    const url = await upload(world, archive);
    const before = await listDataFiles(world.context);
    const response = await train(world, { input_images: url, ...input });
    expect(response.status).toBe(422);
    expect((await read(response, Problem)).detail).toContain(words);
    expect(await listDataFiles(world.context)).toEqual(before);
    expect((await read(world.call("GET", "/v1/trainings"), TrainingPage)).results).toEqual([]);
  },
);

test("a damaged picture among good ones is passed over, and the log names it", async () => {
  const world = await makeWorld();
  const picture = await makePicture();
  const parts = [
    { name: "ok.png", data: picture },
    { name: "bad.png", data: picture.subarray(0, picture.length - 30) },
  ];
  const response = await train(world, { input_images: await upload(world, makeZip(parts)) });
  expect(response.status).toBe(201);
  expect((await read(response, Training)).logs).toContain("bad.png: damaged");
});

test("the log says that there are no masks, unless some are asked for", async () => {
  const world = await makeWorld();
  const input_images = await upload(world, good);
  const logOf = async (input: object) => (await read(train(world, { input_images, ...input }), Training)).logs;
  expect(await logOf({})).toContain("No masks");
  expect(await logOf({ mask_target_prompts: "a fox" })).not.toContain("No masks");
  expect(await logOf({ use_face_detection_instead: true })).not.toContain("No masks");
});
