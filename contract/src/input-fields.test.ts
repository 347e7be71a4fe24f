import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readInputFields } from "./input-fields.ts";
import { OpenApiSchema } from "./version.ts";

const SCHEMA = new URL("../../bases/emoji/openapi.json", import.meta.url);
const openapi_schema = OpenApiSchema.parse(JSON.parse(readFileSync(SCHEMA, "utf8")));
const training = readInputFields({ openapi_schema }, "TrainingInput") ?? [];

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
  expect(readInputFields({ openapi_schema: {} }, "TrainingInput")).toBeUndefined();
});
