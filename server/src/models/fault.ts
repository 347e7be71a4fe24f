/** What is wrong with one field of an input, in the kinds and words of gojsonschema, which Replicate's API speaks. */
import type { ErrorObject } from "ajv";
import type { InvalidField } from "../errors.ts";

/** A validator's error as the API names it; an error that only sums up others gives none. */
export function explainFault(error: ErrorObject): InvalidField[] {
  const field = ["input", ...error.instancePath.split("/").slice(1)].join(".");
  const fault = describe(error, field.slice(field.lastIndexOf(".") + 1));
  return fault === undefined ? [] : [{ ...fault, field }];
}

function describe(error: ErrorObject, name: string): Omit<InvalidField, "field"> | undefined {
  const { params } = error;
  switch (error.keyword) {
    case "required":
      return { type: "required", description: `${params.missingProperty} is required` };
    case "additionalProperties":
      return {
        type: "additional_property_not_allowed",
        description: `Additional property ${params.additionalProperty} is not allowed`,
      };
    case "type":
      return {
        type: "invalid_type",
        description: `Invalid type. Expected: ${params.type}, given: ${typeName(error.data)}`,
      };
    case "enum":
      return { type: "enum", description: `${name} must be one of the following: ${quoted(params.allowedValues)}` };
    case "minimum":
      return { type: "number_gte", description: `Must be greater than or equal to ${params.limit}` };
    case "maximum":
      return { type: "number_lte", description: `Must be less than or equal to ${params.limit}` };
    case "exclusiveMinimum":
      return { type: "number_gt", description: `Must be greater than ${params.limit}` };
    case "exclusiveMaximum":
      return { type: "number_lt", description: `Must be less than ${params.limit}` };
    case "multipleOf":
      return { type: "multiple_of", description: `Must be a multiple of ${params.multipleOf}` };
    case "minLength":
      return { type: "string_gte", description: `String length must be greater than or equal to ${params.limit}` };
    case "maxLength":
      return { type: "string_lte", description: `String length must be less than or equal to ${params.limit}` };
    case "minItems":
      return { type: "array_min_items", description: `Array must have at least ${params.limit} items` };
    case "maxItems":
      return { type: "array_max_items", description: `Array must have at most ${params.limit} items` };
    case "pattern":
      return { type: "pattern", description: `Does not match pattern '${params.pattern}'` };
    case "format":
      return {
        type: "format",
        description: `Does not match format '${params.format}'. Upload the file and give its URL, or give a data: URI`,
      };
    case "not":
      // The sentence stands beside the `not` that a version's schema forbids two values with.
      return {
        type: "number_not",
        description: error.parentSchema?.description ?? "These values contradict each other",
      };
    case "allOf":
    case "anyOf":
    case "oneOf":
    case "if":
      return undefined;
    default:
      return { type: error.keyword, description: error.message ?? "Is not allowed" };
  }
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function quoted(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(", ") : "";
}
