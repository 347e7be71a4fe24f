import { expect, test } from "vitest";
import { readInputFields } from "./schema.ts";
import { versionOf } from "./testing/versions.ts";

const training = readInputFields(versionOf("bases/emoji"), "TrainingInput") ?? [];

test("fields come in the schema's order, with type, bounds and default", () => {
  expect(training.slice(0, 3).map(({ name }) => name)).toEqual(["input_images", "seed", "resolution"]);
  expect(training.find(({ name }) => name === "lora_rank")).toMatchObject({
    type: "integer",
    default: 16,
    minimum: 1,
    maximum: 256,
    required: false,
    isFile: false,
  });
  expect(training[0]).toMatchObject({ type: "string", isFile: true, required: true });
});

test("choices stand behind a reference", () => {
  expect(training.find(({ name }) => name === "lr_scheduler")).toMatchObject({
    type: "string",
    choices: ["constant", "linear", "cosine"],
  });
});

test("a version without such a schema has no fields", () => {
  const version = { ...versionOf("bases/emoji"), openapi_schema: {} };
  expect(readInputFields(version, "TrainingInput")).toBeUndefined();
});
