import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BaseList, Model, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { ROOT } from "../config.ts";
import { pythonFor } from "../processes/environment.ts";
import { read } from "../testing/read.ts";
import { makeWorld, type World } from "../testing/world.ts";

/** As `easel base add mine …` leaves it. */
function addBase(world: World): string {
  const folder = join(world.context.config.dataFolder, "bases", "mine");
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(ROOT, "bases/emoji/unet"), join(folder, "unet"));
  const files = { "unet/config.json": { size: 1 } };
  const record = {
    title: "mine",
    source: "added",
    path: "/there",
    sha256: "ab".repeat(32),
    needs: "cpu",
    bytes: 1,
    files,
  };
  writeFileSync(join(folder, "base.json"), JSON.stringify(record));
  const defaults = { train: { resolution: { default: 128, minimum: 64 } }, predict: { width: { default: 128 } } };
  writeFileSync(join(folder, "defaults.json"), JSON.stringify(defaults));
  return folder;
}

test("a base that was added is a model with SDXL's inputs and its own sizes, without a restart", async () => {
  const world = await makeWorld();
  addBase(world);
  const { results } = await read(world.call("POST", "/v1/bases"), BaseList);
  expect(results.map(({ model, installed }) => [model, installed])).toEqual([
    ["easel/emoji", true],
    ["stability-ai/sdxl", false],
    [null, false],
    ["easel/mine", true],
  ]);
  const model = await read(world.call("GET", "/v1/models/easel/mine"), Model);
  const { Input, TrainingInput } = Object(model.latest_version?.openapi_schema).components.schemas;
  expect([Input.properties.width.default, Input.properties.height.default]).toEqual([128, 1024]);
  expect(TrainingInput.properties.resolution).toMatchObject({ default: 128, maximum: 2048 });
  expect((await world.call("POST", "/v1/models/easel/mine/predictions", { input: {} })).status).toBe(201);
});

test("what is gone is said with the command that brings it back", async () => {
  const world = await makeWorld();
  const folder = addBase(world);
  await world.call("POST", "/v1/bases");
  rmSync(join(folder, "unet"));
  const { results } = await read(world.call("GET", "/v1/bases"), BaseList);
  expect(results[3]).toMatchObject({
    installed: false,
    missing: ["unet/config.json"],
    fix: "easel base add mine PATH",
  });
  rmSync(folder, { recursive: true });
  const refusal = await read(world.call("POST", "/v1/models/easel/mine/predictions", { input: {} }), Problem);
  expect(refusal).toMatchObject({ status: 422, detail: expect.stringContaining("easel base add mine PATH") });
  const sdxl = await read(world.call("POST", "/v1/models/stability-ai/sdxl/predictions", { input: {} }), Problem);
  expect(sdxl).toMatchObject({ status: 422, detail: expect.stringContaining("easel base get sdxl") });
});

test("SDXL may be named as a folder, a file, or an id that is in the hub's cache", async () => {
  const world = await makeWorld();
  const installed = async (sdxlBase: string) => {
    world.context.config.sdxlBase = sdxlBase;
    const { results } = await read(world.call("GET", "/v1/bases"), BaseList);
    return results[1]?.installed;
  };
  expect(await installed(join(ROOT, "bases/emoji"))).toBe(true);
  expect(await installed(join(ROOT, "bases/emoji/model_index.json"))).toBe(true);
  expect(await installed("/nowhere")).toBe(false);
  expect(await installed("someone/nothing-that-is-cached")).toBe(false);
});

test("a refiner that was got is what SDXL's processes refine with, unless another is named, and is listed", async () => {
  const world = await makeWorld();
  const listed = async () => (await read(world.call("GET", "/v1/bases"), BaseList)).results.slice(1);
  const refiner = () => pythonFor(world.context, "models/sdxl").env.EASEL_SDXL_REFINER;
  expect(refiner()).toBe(undefined);
  expect(await listed()).toMatchObject([
    { name: "sdxl", installed: false },
    { name: "sdxl-refiner", model: null, installed: false, fix: "easel base get sdxl-refiner" },
  ]);
  const folder = join(world.context.config.dataFolder, "bases", "sdxl-refiner");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "model_index.json"), "{}");
  writeFileSync(join(folder, "base.json"), JSON.stringify({ title: "R", source: "hub", bytes: 1, files: {} }));
  expect(refiner()).toBe(folder);
  expect((await listed())[1]).toMatchObject({ installed: true, path: folder, bytes: 1, fix: null });
  world.context.config.sdxlRefiner = "/named";
  expect(refiner()).toBe("/named");
  expect((await listed())[1]).toMatchObject({
    installed: false,
    fix: "EASEL_SDXL_REFINER names nothing that is there",
  });
});
