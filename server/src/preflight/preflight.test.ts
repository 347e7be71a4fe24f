import { readFileSync } from "node:fs";
import { File, PreflightReport, Problem, TrainingPage } from "@easel/contract";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { makeZip, type ZipPart } from "../testing/archives.ts";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";
import { containsWord } from "./trigger.ts";

/** Soft blotches; another `seed`, another picture. */
function picture(width = 256, height = 256, seed = 1): Promise<Buffer> {
  let state = seed * 7919;
  const blotches = Buffer.alloc(6 * 6 * 3).map(() => {
    state = (state * 48_271) % 2_147_483_647;
    return state & 0xff;
  });
  const raw = { width: 6, height: 6, channels: 3 as const };
  return sharp(blotches, { raw }).resize(width, height, { fit: "fill" }).png().toBuffer();
}

async function upload(world: World, bytes: Uint8Array): Promise<string> {
  const form = new FormData();
  form.append("content", new Blob([new Uint8Array(bytes)]), "data.zip");
  const headers = { Authorization: `Bearer ${world.token}` };
  return (await read(world.app.request("/v1/files", { method: "POST", body: form, headers }), File)).urls.get;
}

/** Sends the archive and answers the report on it, in the contract's shape. */
async function check(archive: Uint8Array | ZipPart[], settings: object = {}): Promise<PreflightReport> {
  const world = await makeWorld();
  const input_images = await upload(world, Array.isArray(archive) ? makeZip(archive) : archive);
  const response = await world.call("POST", "/v1/preflight", { input_images, ...settings });
  expect(response.status).toBe(200);
  expect((await read(world.call("GET", "/v1/trainings"), TrainingPage)).results).toEqual([]);
  return read(response, PreflightReport);
}

/** So many pictures, each another, named 1.png and so on. */
async function pictures(count: number, side = 256): Promise<ZipPart[]> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return Promise.all(
    numbers.map(async (number) => ({ name: `${number}.png`, data: await picture(side, side, number) })),
  );
}

/** The same tables are read by the tests of models/sdxl, which trains on what it reads. */
const TABLES = z
  .array(z.object({ name: z.string(), bytes: z.string(), expected: z.record(z.string(), z.string()) }))
  .parse(JSON.parse(readFileSync(new URL("../../../contract/fixtures/caption-tables.json", import.meta.url), "utf8")));

const TEN = await pictures(10);

describe("verdicts", () => {
  test.each([
    ["fluent-3d.zip", { csv: 16, txt: 0, made: 0 }],
    ["fluent-3d-raw.zip", { csv: 0, txt: 0, made: 16 }],
    ["teddy.zip", { csv: 0, txt: 0, made: 8 }],
  ])("%s is ready", async (name, captions) => {
    const report = await check(readFileSync(new URL(`../../../examples/${name}`, import.meta.url)));
    expect(report).toMatchObject({ verdict: "ready", duplicates: [], captions });
    expect(report.trigger).toEqual({ present: report.used.length, total: report.used.length, each: [] });
    expect(report.skipped.every(({ fix }) => fix === null)).toBe(true);
  });

  test("four pictures need attention, five are ready with a word about more, ten are many", async () => {
    expect(await check(TEN.slice(0, 4))).toMatchObject({
      verdict: "needs attention",
      advice: [expect.stringMatching(/^4 pictures are too few/), expect.stringMatching(/^No masks/)],
    });
    expect((await check(TEN.slice(0, 5))).advice[0]).toMatch(/^5 pictures can do/);
    expect(await check(TEN)).toMatchObject({ verdict: "ready", advice: [expect.stringMatching(/^No masks/)] });
  });

  test("the same picture twice needs attention, and both are named", async () => {
    const report = await check([...TEN, { name: "again/1.png", data: TEN[0]?.data ?? Buffer.alloc(0) }]);
    expect(report).toMatchObject({ verdict: "needs attention", duplicates: [["1.png", "again/1.png"]] });
    expect(report.advice[0]).toContain("again/1.png is 1.png");
  });

  test("small pictures need attention once over half of them grow over four times", async () => {
    const small = await pictures(6, 60);
    const half = [...TEN.slice(5), ...small.slice(0, 5)];
    expect(await check(half, { resolution: 256 })).toMatchObject({ verdict: "ready" });
    const report = await check(
      [...half, ...small.slice(5)].filter((_, index) => index > 0),
      { resolution: 256 },
    );
    expect(report.verdict).toBe("needs attention");
    expect(report.advice[0]).toMatch(/^6 of 10 pictures have to be enlarged over 4 times.*resolution=256/);
    expect(report.used.at(-1)?.notes).toEqual(["enlarged 4.3 times"]);
    expect(await check(small, { resolution: 240 })).toMatchObject({ verdict: "ready" });
  });

  test.each<[string, Uint8Array | ZipPart[], RegExp]>([
    ["an archive that leads out of itself", [...TEN, { name: "../x.png" }], /leads out of it/],
    ["no archive", Buffer.from("hello"), /not an archive/],
    ["no picture", [{ name: "a.heic", data: Buffer.from("\0\0\0\x18ftypheic") }], /"a.heic" is an HEIC picture/],
  ])("%s is blocked", async (_what, archive, words) => {
    const report = await check(archive);
    expect(report).toMatchObject({ verdict: "blocked", used: [], advice: [expect.stringMatching(words)] });
  });

  test("of a blocked archive each file is named with a way out, and a training on it is refused in the same words", async () => {
    const world = await makeWorld();
    const parts = [
      { name: "a.heic", data: Buffer.from("\0\0\0\x18ftypheic") },
      { name: "b.svg", data: Buffer.from("<svg/>") },
    ];
    const input_images = await upload(world, makeZip(parts));
    const report = await read(world.call("POST", "/v1/preflight", { input_images }), PreflightReport);
    expect(report.skipped).toEqual([
      { file: "a.heic", reason: "an HEIC picture", fix: "Export it as JPEG." },
      { file: "b.svg", reason: "an SVG drawing", fix: expect.stringMatching(/^Export it as PNG/) },
    ]);
    await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
    const path = `/v1/models/easel/echo/versions/${ECHO.versionId}/trainings`;
    const refused = await world.call("POST", path, { destination: "you/toy", input: { input_images } });
    expect(refused.status).toBe(422);
    expect((await read(refused, Problem)).detail).toBe(`- input.input_images: ${report.advice[0]}\n`);
  });
});

describe("notes on a picture", () => {
  test("enlargement, the square crop's loss, a likeness, transparency, a mask of one's own", async () => {
    const large = sharp(await picture(900, 600, 3));
    const clear = { create: { width: 300, height: 300, channels: 4 as const, background: "#ff000080" } };
    const report = await check(
      [
        { name: "wide.png", data: await large.clone().resize(900, 500, { fit: "fill" }).png().toBuffer() },
        { name: "alike.jpg", data: await large.clone().resize(450, 300, { fit: "fill" }).jpeg().toBuffer() },
        { name: "low.png", data: await picture(100, 150, 5) },
        { name: "clear.png", data: await sharp(clear).png().toBuffer() },
        { name: "masked.png", data: await picture(300, 300, 7) },
        {
          name: "masked_mask.png",
          data: await sharp({ ...clear })
            .flatten()
            .png()
            .toBuffer(),
        },
      ],
      { resolution: 250 },
    );
    expect(report.used.map(({ file, notes }) => [file, notes])).toEqual([
      ["wide.png", ["its square crop leaves out 44 %"]],
      ["alike.jpg", ["looks almost like wide.png"]],
      ["low.png", ["enlarged 2.5 times"]],
      ["clear.png", ["transparent in places"]],
      ["masked.png", ["masked by a picture of your own"]],
    ]);
    expect(report.advice.join("\n")).not.toContain("No masks");
  });

  test("width and height are those of the upright picture", async () => {
    const turned = await sharp(await picture(60, 40))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect((await check([{ name: "a.jpg", data: turned }])).used).toMatchObject([{ width: 40, height: 60 }]);
  });
});

test.each<[string, object, boolean]>([
  ["a style", { subject: "style" }, true],
  ["a person, whose faces are looked for unless that is declined", { subject: "person" }, false],
  ["a person without it", { subject: "person", use_face_detection_instead: false }, true],
  ["a person on a model whose rules say nothing of it", { subject: "person", model: "easel/echo" }, true],
  ["what words name", { subject: "object", mask_target_prompts: "a teddy bear" }, false],
])("of %s it is said that masks would do something: %j, %s", async (_what, settings, advised) => {
  const { advice } = await check(TEN, settings);
  expect(advice.some((sentence) => sentence.startsWith("No masks"))).toBe(advised);
});

test.each<[string, object, boolean]>([
  ["a thing", { subject: "object" }, true],
  ["a thing that is named", { subject: "object", initial_word: "teddy bear" }, false],
  ["a thing, by a model that starts from no word", { subject: "object", model: "easel/echo" }, false],
  ["a style", {}, false],
])("of %s it is asked what it is: %j, %s", async (_what, settings, asked) => {
  const { advice, verdict } = await check(TEN, settings);
  expect(advice.some((sentence) => sentence.includes('initial_word="teddy bear"'))).toBe(asked);
  expect(verdict).toBe("ready");
});

describe("captions", () => {
  const set: ZipPart[] = [
    { name: "my set/a.png", data: TEN[0]?.data ?? Buffer.alloc(0) },
    { name: "my set/b.png", data: TEN[1]?.data ?? Buffer.alloc(0) },
    { name: "other/b.png", data: TEN[2]?.data ?? Buffer.alloc(0) },
  ];
  const captionsOf = async (...parts: ZipPart[]) =>
    (await check([...parts, ...set])).used.map(({ caption, captionSource }) => [caption, captionSource]);
  const table = (text: string | Buffer, name = "caption.csv") => ({ name, data: Buffer.from(text) });

  test.each(TABLES)("a table $name", async ({ bytes, expected }) => {
    const captions = await captionsOf({ name: "caption.csv", data: Buffer.from(bytes, "latin1") });
    const wanted = ["my set/a.png", "my set/b.png", "other/b.png"].map((name) => expected[name]);
    expect(captions).toEqual(wanted.map((text) => (text === undefined ? [null, "made"] : [text, "csv"])));
  });

  test("the table goes before the text, the text before what is made; an empty one is none", async () => {
    const texts = ["a", "b"].map((name) => table(" a text\r\n of mine \n", `my set/${name}.txt`));
    const rows = "caption,image_file\na row,a.png\n,b.png";
    expect(await captionsOf(table(rows), ...texts, table(" \n", "other/b.txt"))).toEqual([
      ["a row", "csv"],
      ["a text of mine", "txt"],
      [null, "made"],
    ]);
  });

  test("a table that cannot be read blocks, since its captions would be missed; a training says the same", async () => {
    const parts = [table("file,text\na.png,a fox"), ...set];
    const report = await check(parts);
    expect(report).toMatchObject({ verdict: "blocked", used: [{}, {}, {}] });
    expect(report.advice[0]).toMatch(/^caption\.csv cannot be read: its first line must name/);
    const world = await makeWorld();
    await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
    const path = `/v1/models/easel/echo/versions/${ECHO.versionId}/trainings`;
    const input = { input_images: await upload(world, makeZip(parts)) };
    const refused = await world.call("POST", path, { destination: "you/toy", input });
    expect(refused.status).toBe(422);
    expect((await read(refused, Problem)).detail).toContain(report.advice[0]);
  });

  test("rows that name nothing are said", async () => {
    const stray = await check([table("caption,image_file\na fox,A.png"), ...set]);
    expect(stray.advice.join("\n")).toMatch(/caption\.csv has rows for what is not among the pictures: A\.png\./);
  });

  test("captions without the token string are counted and said", async () => {
    const rows = table("caption,image_file\na TOK fox,a.png\na TOKEN,my set/b.png");
    const report = await check([rows, ...set], { caption_prefix: "in the style of, " });
    expect(report.trigger).toMatchObject({ present: 2, total: 3 });
    expect(report.used[1]?.notes).toEqual(expect.arrayContaining(["TOK will be put in front of its caption"]));
    expect(report.advice.join("\n")).toMatch(/1 caption lacks TOK, .*\ncaption_prefix lacks TOK/);
    const renamed = await check([rows, ...set], { token_string: "TOKEN" });
    expect(renamed.trigger).toMatchObject({ present: 2, total: 3 });
  });

  test("of several concepts each is counted, and each picture's own caption has to name one", async () => {
    const set = (await pictures(2)).map((part, index) => ({ ...part, name: `${"ab"[index]}.png` }));
    const both = await check([table("caption,image_file\na TOK fox,a.png\na man with a HAT,b.png"), ...set], {
      token_string: "TOK, HAT",
    });
    expect(both.trigger).toEqual({
      present: 2,
      total: 2,
      each: [
        { token_string: "TOK", present: 1 },
        { token_string: "HAT", present: 1 },
      ],
    });
    expect(both.verdict).not.toBe("blocked");
    const neither = await check([table("caption,image_file\na TOK fox,a.png"), ...set], { token_string: "TOK,HAT" });
    expect(neither).toMatchObject({
      verdict: "blocked",
      advice: expect.arrayContaining([
        "1 picture has no caption that names one of TOK, HAT: write one for each.",
        "No caption names HAT.",
      ]),
    });
    expect(neither.used[1]?.notes).toContain("no caption of its own says which concept it shows");
  });
});

test.each<[string, string, boolean]>([
  ["a TOK fox", "TOK", true],
  ["a tok fox", "TOK", false],
  ["TOKEN", "TOK", false],
  ["TOKEN TOK", "TOK", true],
  ["a_TOK", "TOK", false],
  ["a-TOK.", "TOK", true],
  ["éTOK", "TOK", false],
  ["a .* fox", ".*", true],
  ["a fox", ".*", false],
  ["a <s0><s1> fox", "<s0>", true],
  ["my dog runs", "my dog", true],
  ["狐狸", "狐", false],
])("in %j %j is found: %s", (text, token, found) => {
  expect(containsWord(text, token)).toBe(found);
});

test.each<[string, Record<string, unknown>, number, RegExp]>([
  ["a model that is not there", { model: "you/none" }, 404, /could not be found/],
  ["an unknown field", { steps: 5 }, 422, /Additional property steps/],
  ["a file that is gone", { input_images: "http://x/v1/files/gone" }, 422, /No file of yours/],
  ["a resolution out of bounds", { resolution: 8 }, 422, /resolution/],
  ["no archive", { input_images: undefined }, 422, /input_images is required/],
])("%s is refused", async (_what, change, status, words) => {
  const world = await makeWorld();
  const input_images = await upload(world, makeZip(TEN));
  const response = await world.call("POST", "/v1/preflight", { input_images, ...change });
  expect(response.status).toBe(status);
  expect((await read(response, Problem)).detail).toMatch(words);
});
