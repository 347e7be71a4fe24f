import type { RunInput } from "@easel/contract";
import { describe, expect, test } from "vitest";
import { HttpError } from "../errors.ts";
import { checkInput, fileInputs } from "./input.ts";
import { parseSchema } from "./schema.ts";

const schema = parseSchema(
  JSON.stringify({
    openapi: "3.0.2",
    info: { title: "Cog", version: "0.1.0" },
    paths: {},
    components: {
      schemas: {
        scheduler: { enum: ["DDIM", "K_EULER"], type: "string", title: "scheduler", description: "An enumeration." },
        Input: {
          type: "object",
          title: "Input",
          required: ["prompt"],
          allOf: [
            {
              description: "refine: it is true, but scheduler is DDIM. Leave one of the two out.",
              not: {
                required: ["scheduler", "refine"],
                properties: { scheduler: { enum: ["DDIM"] }, refine: { enum: [true] } },
              },
            },
          ],
          properties: {
            prompt: { type: "string", title: "Prompt", "x-order": 0, minLength: 1 },
            image: { type: "string", format: "uri", "x-order": 1 },
            width: { type: "integer", default: 128, minimum: 64, "x-order": 2 },
            scheduler: { allOf: [{ $ref: "#/components/schemas/scheduler" }], default: "K_EULER", "x-order": 3 },
            num_outputs: { type: "integer", default: 1, minimum: 1, maximum: 4, "x-order": 4 },
            rate: { type: "number", exclusiveMinimum: 0, "x-order": 5 },
            refine: { type: "boolean", default: false, "x-order": 6 },
            loras: {
              type: "array",
              items: {
                type: "object",
                required: ["url"],
                properties: { url: { type: "string", format: "uri" }, scale: { type: "number" } },
              },
            },
          },
        },
      },
    },
  }),
);

function problems(input: RunInput): unknown {
  try {
    checkInput(schema, "Input", input);
  } catch (error) {
    if (error instanceof HttpError) return error.invalidFields;
    throw error;
  }
  return "accepted";
}

test("an input that fits is kept as it was given: no default is filled in", () => {
  const input = { prompt: "a fox", scheduler: "DDIM", num_outputs: 4, image: "https://host/a.png" };
  expect(checkInput(schema, "Input", input)).toEqual(input);
});

test("null is a client's word for not given", () => {
  expect(checkInput(schema, "Input", { prompt: "a", width: null, unknown: null })).toEqual({ prompt: "a" });
});

test("a number or a boolean becomes text where text is wanted, and nothing else is converted", () => {
  expect(checkInput(schema, "Input", { prompt: 123 })).toEqual({ prompt: "123" });
  expect(checkInput(schema, "Input", { prompt: true })).toEqual({ prompt: "true" });
  expect(problems({ prompt: "a", width: "128" })).toHaveLength(1);
});

test("several problems are named in one reply, in Replicate's words", () => {
  expect(() => checkInput(schema, "Input", { num_outputs: 5, width: 3 })).toThrow(
    expect.objectContaining({
      status: 422,
      title: "Input validation failed",
      message: [
        "- input: prompt is required",
        "- input.width: Must be greater than or equal to 64",
        "- input.num_outputs: Must be less than or equal to 4",
        "",
      ].join("\n"),
    }),
  );
});

describe("a problem's kind and words", () => {
  test.each([
    [{}, "required", "input", "prompt is required"],
    [{ prompt: null }, "invalid_type", "input.prompt", "Invalid type. Expected: string, given: null"],
    [{ prompt: "a", model: 1 }, "additional_property_not_allowed", "input", "Additional property model is not allowed"],
    [
      { prompt: "a", ["__proto__"]: 1 },
      "additional_property_not_allowed",
      "input",
      "Additional property __proto__ is not allowed",
    ],
    [{ prompt: ["a"] }, "invalid_type", "input.prompt", "Invalid type. Expected: string, given: array"],
    [{ prompt: "" }, "string_gte", "input.prompt", "String length must be greater than or equal to 1"],
    [{ prompt: "a", width: "x" }, "invalid_type", "input.width", "Invalid type. Expected: integer, given: string"],
    [{ prompt: "a", width: 64.5 }, "invalid_type", "input.width", "Invalid type. Expected: integer, given: number"],
    [{ prompt: "a", refine: "yes" }, "invalid_type", "input.refine", "Invalid type. Expected: boolean, given: string"],
    [
      { prompt: "a", scheduler: "x" },
      "enum",
      "input.scheduler",
      'scheduler must be one of the following: "DDIM", "K_EULER"',
    ],
    [{ prompt: "a", rate: 0 }, "number_gt", "input.rate", "Must be greater than 0"],
    [{ prompt: "a", loras: [{ scale: 1 }] }, "required", "input.loras.0", "url is required"],
  ])("%j", (input, type, field, description) => {
    expect(problems(input)).toEqual([{ type, field, description }]);
  });

  test.each(["data.zip", "@data.zip", "file:///etc/passwd", "https://"])("a file cannot be %s", (image) => {
    expect(problems({ prompt: "a", image })).toMatchObject([{ type: "format", field: "input.image" }]);
  });

  test.each(["data:image/png;base64,AAAA", "http://127.0.0.1:7788/v1/files/abc"])("a file can be %s", (image) => {
    expect(problems({ prompt: "a", image })).toBe("accepted");
  });

  test("a flood of unknown names is answered in a hundred lines", () => {
    const input = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]));
    expect(problems({ prompt: "a", ...input })).toHaveLength(100);
  });
});

test("the inputs that are files are known by their format", () => {
  expect(fileInputs(schema, "Input")).toEqual(["image"]);
});

test("two values that contradict each other are refused in the schema's own sentence", () => {
  expect(problems({ prompt: "a", scheduler: "DDIM", refine: true })).toEqual([
    {
      type: "number_not",
      field: "input",
      description: "refine: it is true, but scheduler is DDIM. Leave one of the two out.",
    },
  ]);
  expect(problems({ prompt: "a", scheduler: "K_EULER", refine: true })).toBe("accepted");
  expect(problems({ prompt: "a", refine: true })).toBe("accepted");
});
