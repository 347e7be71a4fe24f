/**
 * What a form drawn from a version's schema holds, and the input that is made of it. A field that was not touched is not
 * sent: the version's own default counts then, also a later one.
 */
import type { Client, InputField, RunInput } from "@easel/contract";

/** Text as it was typed, a tick, or a file that was chosen; nothing for an untouched field. */
export type FormValue = string | boolean | File | undefined;
export type FormValues = Readonly<Record<string, FormValue>>;

/** Why a field's value cannot be sent, by its name. */
export type FieldErrors = Readonly<Record<string, string>>;

/** What does not fit, in the reader's words; what only the server can know is left to it. */
export function checkValues(fields: InputField[], values: FormValues): FieldErrors {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const why = whyUnfit(field, values[field.name]);
      return why === undefined ? [] : [[field.name, why]];
    }),
  );
}

function whyUnfit(field: InputField, value: FormValue): string | undefined {
  if (isEmpty(value)) return field.required ? "This is needed." : undefined;
  if (typeof value !== "string") return undefined;
  if (field.type === "integer" || field.type === "number") return whyNoNumber(field, value);
  if (field.type === "object" || (field.type === "array" && field.items === "object")) {
    return parseJson(value) === undefined
      ? 'This is not JSON. A list of objects looks like [{"name": "value"}].'
      : undefined;
  }
  return undefined;
}

function whyNoNumber({ type, minimum, maximum }: InputField, text: string): string | undefined {
  const number = Number(text);
  if (!Number.isFinite(number)) return "This is not a number.";
  if (type === "integer" && !Number.isInteger(number)) return "This has to be a whole number.";
  if (minimum !== undefined && number < minimum) return `The least is ${minimum}.`;
  if (maximum !== undefined && number > maximum) return `The most is ${maximum}.`;
  return undefined;
}

/** The input, its chosen files uploaded first. `values` are checked already. */
export async function makeInput(client: Client, fields: InputField[], values: FormValues): Promise<RunInput> {
  const input = plainInput(fields, values);
  for (const { name } of fields) {
    const value = values[name];
    if (!(value instanceof File)) continue;
    const file = await client.files.create({ content: value, name: value.name });
    input[name] = file.urls.get;
  }
  return input;
}

/** The input as far as it can be said without sending a file. */
export function plainInput(fields: InputField[], values: FormValues): RunInput {
  const input: RunInput = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined || value instanceof File || (isEmpty(value) && field.default === undefined)) continue;
    input[field.name] = typeof value === "string" ? parseText(field, value) : value;
  }
  return input;
}

function parseText(field: InputField, text: string): RunInput[string] {
  if (field.type === "integer" || field.type === "number") return Number(text);
  if (field.type === "object" || (field.type === "array" && field.items === "object")) return parseJson(text) ?? null;
  if (field.type !== "array") return text;
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return field.items === "string" ? lines : lines.map(Number);
}

/** The form's values that make `input` again. */
export function valuesOf(fields: InputField[], input: RunInput): FormValues {
  return Object.fromEntries(
    fields.filter(({ name }) => name in input).map((field) => [field.name, showValue(field, input[field.name])]),
  );
}

/** A value of an input as its field shows it. */
export function showValue(field: InputField, value: unknown): FormValue {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (Array.isArray(value) && field.items !== "object") return value.join("\n");
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

function isEmpty(value: FormValue): boolean {
  return value === undefined || (typeof value === "string" && value.trim() === "");
}

function parseJson(text: string): RunInput[string] | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
