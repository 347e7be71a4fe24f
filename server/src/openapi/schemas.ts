/** The contract's schemas by name, as JSON Schema: what the OpenAPI document refers to. */
import * as contract from "@easel/contract";
import { z } from "zod";

/** A name in the contract that stands for a schema. */
export type SchemaName = {
  [Name in keyof typeof contract]: (typeof contract)[Name] extends z.ZodType ? Name : never;
}[keyof typeof contract];

export type JsonSchema = z.infer<typeof JsonSchema>;

/** What is at home on other wires: the lines between server and model processes. */
const NOT_OF_THIS_API = ["Command", "Hello", "ProcessEvent", "ProcessLine", "ReportedFile", "RunCommand", "Slots"];

/** Every schema as it is sent: a field with a default may be left out. One that contains another refers to it. */
export function schemasOfContract(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, value] of Object.entries(contract)) {
    if (value instanceof z.ZodType && !NOT_OF_THIS_API.includes(id)) registry.add(value, { id });
  }
  const { schemas } = z.toJSONSchema(registry, {
    io: "input",
    uri: (id) => `#/components/schemas/${id}`,
    unrepresentable: "any",
  });
  const named = Object.entries(schemas).filter(([id]) => id !== SHARED);
  return Object.fromEntries(
    named.map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [id, JsonSchema.parse(readable(schema))]),
  );
}

/** Where zod puts what refers to itself, which is any JSON. */
const SHARED = "__shared";
const JsonSchema = z.record(z.string(), z.json());

/** Without what says nothing to a reader: patterns beside a format, the bounds of JavaScript's whole numbers. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const schema: Record<string, unknown> = { ...value };
  if (typeof schema.$ref === "string" && schema.$ref.includes(SHARED)) return {};
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, readable(inner)]));
}
