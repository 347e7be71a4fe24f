import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InputField, readInputFields } from "@easel/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "./failure.ts";
import { readInputs } from "./inputs.ts";
import { versionOf } from "./testing/versions.ts";

const drawing = readInputFields(versionOf("bases/emoji"), "Input") ?? [];
const training = readInputFields(versionOf("bases/emoji"), "TrainingInput") ?? [];
const list: InputField = {
  ...drawing[0],
  name: "sample_prompts",
  type: "array",
  items: "string",
  isFile: false,
  required: false,
} as InputField;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "easel-inputs-"));
  writeFileSync(join(folder, "data.zip"), "zip");
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (...words: string[]) => readInputs(words, drawing, "easel/emoji").values;

describe("values take the type of the schema", () => {
  test.each([
    ["num_outputs=4", { num_outputs: 4 }],
    ["guidance_scale=7.5", { guidance_scale: 7.5 }],
    ["seed=0", { seed: 0 }],
    ["apply_watermark=false", { apply_watermark: false }],
    ["scheduler=K_EULER", { scheduler: "K_EULER" }],
    ["prompt=7", { prompt: "7" }],
    ["prompt=", { prompt: "" }],
    ["prompt=a=b, c\nd", { prompt: "a=b, c\nd" }],
    ["prompt=@home on the range", { prompt: "@home on the range" }],
    ["image=http://127.0.0.1:7788/v1/files/x", { image: "http://127.0.0.1:7788/v1/files/x" }],
  ])("%j", (word, values) => {
    expect(read(word)).toEqual(values);
  });
});

describe("what cannot be an input is refused by its name", () => {
  test.each([
    ["num_outputs=four", "num_outputs takes a whole number"],
    ["num_outputs=1.5", "num_outputs takes a whole number"],
    ["guidance_scale=", "guidance_scale takes a number"],
    ["apply_watermark=maybe", "apply_watermark takes true or false"],
    ["a fox", "is no input"],
    ["=fox", "is no input"],
    ["image=@nowhere.png", 'no file "nowhere.png" for image'],
  ])("%j", (word, message) => {
    expect(() => read(word)).toThrow(message);
    expect(() => read(word)).toThrow(UsageError);
  });

  test("a slip is answered with the name that was meant", () => {
    const refusal = (word: string) => {
      try {
        return read(word);
      } catch (error) {
        return error;
      }
    };
    expect(refusal("promt=a fox")).toMatchObject({
      message: 'easel/emoji has no input "promt".',
      next: "Did you mean prompt?",
    });
    expect(refusal("colour=red")).toMatchObject({ next: expect.stringContaining("It has: prompt,") });
  });
});

describe("files", () => {
  test("@path is a file to send", () => {
    const path = join(folder, "data.zip");
    expect(readInputs([`input_images=@${path}`], training, "easel/emoji")).toEqual({
      values: {},
      files: [{ place: "input_images", path }],
    });
  });

  test("a path without @ is answered with how to send it", () => {
    const path = join(folder, "data.zip");
    expect(() => readInputs([`input_images=${path}`], training, "easel/emoji")).toThrow("takes a URL or a file");
  });

  test("weights go as a file though the schema calls them a string", () => {
    const path = join(folder, "data.zip");
    expect(readInputs([`replicate_weights=@${path}`], drawing, "easel/emoji").files).toEqual([
      { place: "replicate_weights", path },
    ]);
  });

  test("in a list of objects a file stands alone or where its URL belongs", () => {
    const path = join(folder, "data.zip");
    const words = [`loras=@${path}`, "loras=https://host/a", `loras={"url": "@${path}", "scale": 0.5}`];
    expect(readInputs(words, drawing, "easel/emoji")).toEqual({
      values: { loras: [{ url: `@${path}` }, { url: "https://host/a" }, { url: `@${path}`, scale: 0.5 }] },
      files: [
        { place: "loras.0.url", path },
        { place: "loras.2.url", path },
      ],
    });
    expect(() => read("loras=@none.safetensors")).toThrow('There is no file "none.safetensors" for loras');
  });

  test("a needed input that is missing is named before anything is sent", () => {
    expect(() => readInputs(["seed=1"], training, "easel/emoji")).toThrow("easel/emoji needs input_images");
  });
});

test("a list is given as JSON, or by naming it again", () => {
  const values = (...words: string[]) => readInputs(words, [list], "m").values.sample_prompts;
  expect(values('sample_prompts=["a", "b"]')).toEqual(["a", "b"]);
  expect(values("sample_prompts=a", "sample_prompts=b")).toEqual(["a", "b"]);
  expect(() => values("sample_prompts=[a")).toThrow("takes JSON");
});
