/**
 * Checks a run's input against the OpenAPI schema of a version, in the kinds and words of Replicate's own messages.
 * Defaults are not filled in: a run keeps what was submitted. Knows nothing of files, runs or HTTP.
 */
import type { RunInput } from "@easel/contract";
import { Ajv, type ValidateFunction } from "ajv";
import { z } from "zod";
import { type InvalidField, invalidInput } from "../errors.ts";
import { explainFault } from "./fault.ts";
import type { VersionSchema } from "./schema.ts";

type Component = "Input" | "TrainingInput";

/** Problems named in one reply; a body may hold any number of unknown names. */
const PROBLEMS_MAX = 100;
const Property = z.looseObject({ type: z.string().optional(), format: z.string().optional() });
const Inputs = z.looseObject({
  properties: z.record(z.string(), Property).default({}),
  required: z.array(z.string()).default([]),
});

interface Checker {
  properties: Map<string, z.infer<typeof Property>>;
  required: Set<string>;
  validate: ValidateFunction;
}

/** A schema compiles in some milliseconds and checks in some microseconds, so what was compiled stays with its schema. */
const checkers = new WeakMap<VersionSchema, Map<Component, Checker>>();

/**
 * The input as it is to be kept: without its nulls (a client's word for "not given"), and with numbers and booleans made
 * text where the schema wants text, because Replicate's CLI sends `token_string=123` as a number.
 * Throws Replicate's 422, which names every problem.
 */
export function checkInput(schema: VersionSchema, component: Component, input: RunInput): RunInput {
  const { properties, required, validate } = checkerOf(schema, component);
  const given = Object.entries(input).filter(([name, value]) => value !== null || required.has(name));
  const checked = Object.fromEntries(
    given.map(([name, value]) => [name, properties.get(name)?.type === "string" ? asText(value) : value]),
  );
  const problems: InvalidField[] = given
    .filter(([name]) => !properties.has(name))
    .map(([name]) => ({
      type: "additional_property_not_allowed",
      field: "input",
      description: `Additional property ${name} is not allowed`,
    }));
  if (!validate(checked)) problems.push(...(validate.errors ?? []).flatMap(explainFault));
  if (problems.length > 0) throw invalidInput(problems.slice(0, PROBLEMS_MAX));
  return checked;
}

/** The names of the inputs that are files: their values are URLs. */
export function fileInputs(schema: VersionSchema, component: Component): string[] {
  const properties = [...checkerOf(schema, component).properties];
  return properties.filter(([, property]) => property.format === "uri").map(([name]) => name);
}

function asText(value: RunInput[string]): RunInput[string] {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

function checkerOf(schema: VersionSchema, component: Component): Checker {
  const known = checkers.get(schema) ?? new Map<Component, Checker>();
  checkers.set(schema, known);
  const checker = known.get(component) ?? makeChecker(schema, component);
  known.set(component, checker);
  return checker;
}

function makeChecker(schema: VersionSchema, component: Component): Checker {
  const { properties, required } = Inputs.parse(schema.components.schemas[component]);
  // An OpenAPI document has keywords that JSON Schema does not know, hence not strict.
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true });
  ajv.addFormat("uri", isFileUrl);
  ajv.addSchema({ ...schema, $id: "version" });
  return {
    properties: new Map(Object.entries(properties)),
    required: new Set(required),
    validate: ajv.compile({ $ref: `version#/components/schemas/${component}` }),
  };
}

function isFileUrl(text: string): boolean {
  return /^data:/i.test(text) || (/^https?:/i.test(text) && URL.canParse(text));
}
