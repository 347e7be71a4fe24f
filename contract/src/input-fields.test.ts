import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { readInputFields, settleFields } from "./input-fields.ts";
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

/** The runner's tests read the same file. */
const RULES = z
  .object({
    rules: z.array(z.json()),
    defaults: z.record(z.string(), z.unknown()),
    cases: z.array(z.object({ given: z.record(z.string(), z.unknown()), expected: z.record(z.string(), z.unknown()) })),
  })
  .parse(JSON.parse(readFileSync(new URL("../fixtures/rules.json", import.meta.url), "utf8")));

test.each(RULES.cases)("defaults that depend on other inputs: beside $given", ({ given, expected }) => {
  const version = {
    openapi_schema: { components: { schemas: { TrainingInput: { "x-defaults-when": RULES.rules } } } },
  };
  const fields = Object.entries(RULES.defaults).map(([name, value]) => ({ name, default: value }));
  const settled = settleFields(version, fields, given);
  const values = settled.map((field) => [field.name, given[field.name] ?? field.default]);
  expect(Object.fromEntries(values)).toEqual(expected);
});

test("a textual inversion on the emoji base has a rate of its own, and a value given stays", () => {
  const rate = (given: Record<string, unknown>) =>
    settleFields({ openapi_schema }, training, given).find(({ name }) => name === "ti_lr")?.default;
  expect(rate({})).not.toBe(rate({ technique: "textual_inversion" }));
});
