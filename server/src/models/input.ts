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
const Value = z.looseObject({ type: z.string().optional(), format: z.string().optional() });
const Items = z.looseObject({ properties: z.record(z.string(), Value).optional() });
const Property = Value.extend({ items: Items.optional() });
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
  return properties.filter(([name, property]) => isFile(name, property)).map(([name]) => name);
}

/** Where an input's files are: the URL at each place, such as `image` or `loras.0.url`. */
export function filesAmong(schema: VersionSchema, component: Component, input: RunInput): Map<string, string> {
  const found = new Map<string, string>();
  const note = (place: string, value: unknown) => {
    if (typeof value === "string" && value !== "") found.set(place, value);
  };
  for (const [name, property] of checkerOf(schema, component).properties) {
    const value = input[name];
    if (isFile(name, property)) note(name, value);
    for (const part of filePartsOf(property))
      for (const [index, item] of Array.isArray(value) ? value.entries() : [])
        note(`${name}.${index}.${part}`, partOf(item, part));
  }
  return found;
}

/** Replicate's schema calls weights a mere string. */
function isFile(name: string, property: z.infer<typeof Property>): boolean {
  return property.format === "uri" || name === "replicate_weights";
}

/** The fields of a list's objects that are files. */
function filePartsOf({ items }: z.infer<typeof Property>): string[] {
  return Object.entries(items?.properties ?? {}).flatMap(([part, { format }]) => (format === "uri" ? [part] : []));
}

function partOf(item: RunInput[string], part: string): unknown {
  return typeof item === "object" && item !== null && !Array.isArray(item) ? item[part] : undefined;
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
