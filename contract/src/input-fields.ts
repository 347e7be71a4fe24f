/** The inputs of a version, read from its OpenAPI document: what a command line coerces by, and a page draws its form from. */
import { z } from "zod";

export type InputType = "string" | "integer" | "number" | "boolean" | "array" | "object";

/** One input as a person gives it. */
export interface InputField {
  name: string;
  type: InputType;
  /** The value is a URL, so that a file can be sent for it. */
  isFile: boolean;
  required: boolean;
  default: unknown;
  choices: string[] | undefined;
  minimum: number | undefined;
  maximum: number | undefined;
  description: string;
  /** The type of a list's entries. */
  items: InputType;
  /** In a list of objects, the field of each that is a URL. */
  itemFile: string | undefined;
}

/** A version, or whatever else has its OpenAPI document. */
interface Described {
  openapi_schema: Readonly<Record<string, unknown>>;
}

const Kind = z.looseObject({ type: z.string().optional(), format: z.string().optional() });

const Property = z.looseObject({
  type: z.string().optional(),
  format: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  description: z.string().optional(),
  items: Kind.extend({ properties: z.record(z.string(), Kind).optional() }).optional(),
  allOf: z.array(z.looseObject({ $ref: z.string().optional() })).optional(),
  anyOf: z.array(Kind).optional(),
  "x-order": z.number().optional(),
});

/** Where each input in `when` has one of the values listed, `defaults` hold. The twin of the runner's rules. */
const Rule = z.looseObject({
  when: z.record(z.string(), z.array(z.unknown())),
  defaults: z.record(z.string(), z.unknown()),
});

const Schema = z.looseObject({
  required: z.array(z.string()).optional(),
  properties: z.record(z.string(), Property).optional(),
  "x-defaults-when": z.array(Rule).default([]),
});

const Document = z.looseObject({ components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }) });

/** The inputs in their order, of predictions or of trainings; undefined where a version has no such schema. */
export function readInputFields(version: Described, name: "Input" | "TrainingInput"): InputField[] | undefined {
  const document = readSchemas(version.openapi_schema);
  if (document[name] === undefined) return undefined;
  const { properties = {}, required = [] } = Schema.parse(document[name]);
  return Object.entries(properties)
    .toSorted(([, a], [, b]) => (a["x-order"] ?? 0) - (b["x-order"] ?? 0))
    .map(([field, property]) => readField(field, property, required.includes(field), document));
}

/**
 * The inputs of a training with the defaults that hold beside the values given: some depend on others, and a later rule wins
 * over an earlier one. A value given is never touched; one that is null or undefined is not given.
 */
export function settleFields<Field extends Pick<InputField, "name" | "default">>(
  version: Described,
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
): Field[] {
  const schema = Schema.safeParse(readSchemas(version.openapi_schema).TrainingInput);
  const isGiven = (name: string) => given[name] !== null && given[name] !== undefined;
  const defaults = new Map<string, unknown>(fields.map((field) => [field.name, field.default]));
  for (const rule of schema.data?.["x-defaults-when"] ?? []) {
    const current = (name: string) => (isGiven(name) ? given[name] : defaults.get(name));
    if (!Object.entries(rule.when).every(([name, listed]) => listed.includes(current(name)))) continue;
    for (const [name, value] of Object.entries(rule.defaults)) defaults.set(name, value);
  }
  return fields.map((field) => ({ ...field, default: defaults.get(field.name) }));
}

function readSchemas(schema: Described["openapi_schema"]): Record<string, unknown> {
  return Document.safeParse(schema).data?.components.schemas ?? {};
}

function readField(
  name: string,
  property: z.infer<typeof Property>,
  required: boolean,
  schemas: Record<string, unknown>,
): InputField {
  const reference = property.allOf?.[0]?.$ref?.split("/").at(-1);
  const referred = reference === undefined ? undefined : Property.safeParse(schemas[reference]).data;
  const kinds = [property, ...(property.anyOf ?? []), ...(referred ? [referred] : [])];
  const choices = (property.enum ?? referred?.enum)?.map(String);
  return {
    name,
    type: kinds.map(({ type }) => asInputType(type)).find((type) => type !== undefined) ?? "string",
    isFile: [...kinds, ...(property.items ? [property.items] : [])].some(({ format }) => format === "uri"),
    required,
    default: property.default,
    choices,
    minimum: property.minimum,
    maximum: property.maximum,
    description: property.description ?? "",
    items: asInputType(property.items?.type) ?? "string",
    itemFile: Object.entries(property.items?.properties ?? {}).find(([, { format }]) => format === "uri")?.[0],
  };
}

function asInputType(type: string | undefined): InputType | undefined {
  const known: InputType[] = ["string", "integer", "number", "boolean", "array", "object"];
  return known.find((candidate) => candidate === type);
}
