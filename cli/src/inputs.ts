/** From `name=value` words to a run's input. Knows the version's schema, and nothing of servers. */
import { existsSync } from "node:fs";
import type { InputField, InputType, RunInput } from "@easel/contract";
import { UsageError } from "./failure.ts";
import { nearest } from "./nearest.ts";

type Json = RunInput[string];

/** A value that is a file here, to be sent before the run is created. */
export interface FileInput {
  /** The input's name, or where it is in a list of objects: `loras.0.url`. */
  place: string;
  path: string;
}

export interface Inputs {
  values: RunInput;
  files: FileInput[];
}

/** Reads the words by the schema's fields; throws UsageError that names the input and what it takes. */
export function readInputs(words: readonly string[], fields: readonly InputField[], model: string): Inputs {
  const inputs: Inputs = { values: {}, files: [] };
  for (const word of words) {
    const [, name = "", text = ""] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === "") throw new UsageError(`"${word}" is no input.`, "Write inputs as name=value.");
    const field = fields.find((candidate) => candidate.name === name) ?? refuseUnknown(name, fields, model);
    const path = filePath(field, text);
    if (path !== undefined) inputs.files.push({ place: name, path });
    else if (field.type === "array")
      inputs.values[name] = [...entriesOf(inputs.values[name]), ...readList(field, text)];
    else inputs.values[name] = readValue(name, field.type, text);
  }
  for (const field of fields) inputs.files.push(...filesInList(field, entriesOf(inputs.values[field.name])));
  refuseMissing(inputs, fields, model);
  return inputs;
}

/** The path of a file that is to be sent: `@path` for an input that takes a URL, or where that file exists. */
function filePath(field: InputField, text: string): string | undefined {
  if (field.itemFile !== undefined) return undefined;
  const path = text.startsWith("@") ? text.slice(1) : undefined;
  if (path === undefined) {
    if (field.isFile && !URL.canParse(text) && existsSync(text)) {
      throw new UsageError(`${field.name} takes a URL or a file.`, `To send the file, write ${field.name}=@${text}`);
    }
    return undefined;
  }
  if (existsSync(path)) return path;
  if (field.isFile)
    throw new UsageError(`There is no file "${path}" for ${field.name}.`, "Look at the path behind the @.");
  return undefined;
}

/** The files among a list's objects: where a URL belongs, `@path`. */
function filesInList({ name, itemFile = "" }: InputField, entries: Json[]): FileInput[] {
  return entries.flatMap((entry, index) => {
    const url = typeof entry === "object" && entry !== null && !Array.isArray(entry) ? entry[itemFile] : undefined;
    if (typeof url !== "string" || !url.startsWith("@")) return [];
    const path = url.slice(1);
    if (!existsSync(path))
      throw new UsageError(`There is no file "${path}" for ${name}.`, "Look at the path behind the @.");
    return [{ place: `${name}.${index}.${itemFile}`, path }];
  });
}

function readList(field: InputField, text: string): Json[] {
  // A file or a URL alone stands for an object with nothing else.
  if (field.itemFile !== undefined && !/^[[{]/.test(text)) return [{ [field.itemFile]: text }];
  if (!text.startsWith("[")) return [readValue(field.name, field.items, text)];
  const value = readJson(field.name, text);
  if (Array.isArray(value)) return value;
  throw mistyped(field.name, 'a list such as ["a", "b"]', text);
}

/** An input's value as its type reads it; throws UsageError that says what it takes. */
export function readValue(name: string, type: InputType, text: string): Json {
  switch (type) {
    case "string":
      return text;
    case "integer":
      if (/^[+-]?\d+$/.test(text)) return Number(text);
      throw mistyped(name, "a whole number", text);
    case "number":
      if (text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
      throw mistyped(name, "a number", text);
    case "boolean":
      if (/^(true|yes|1)$/i.test(text)) return true;
      if (/^(false|no|0)$/i.test(text)) return false;
      throw mistyped(name, "true or false", text);
    case "array":
    case "object":
      return readJson(name, text);
    default:
      return type satisfies never;
  }
}

function readJson(name: string, text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw mistyped(name, "JSON", text);
  }
}

function entriesOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function mistyped(name: string, wanted: string, text: string): UsageError {
  return new UsageError(`${name} takes ${wanted}, and "${text}" is none.`);
}

function refuseUnknown(name: string, fields: readonly InputField[], model: string): never {
  const names = fields.map((field) => field.name);
  const guess = nearest(name, names);
  throw new UsageError(
    `${model} has no input "${name}".`,
    guess ? `Did you mean ${guess}?` : `It has: ${names.join(", ")}.`,
  );
}

function refuseMissing(inputs: Inputs, fields: readonly InputField[], model: string): void {
  const given = [...Object.keys(inputs.values), ...inputs.files.map(({ place }) => place)];
  const missing = fields.find((field) => field.required && !given.includes(field.name));
  if (missing === undefined) return;
  throw new UsageError(
    `${model} needs ${missing.name}${missing.description ? ` (${missing.description.replace(/\.$/, "")})` : ""}.`,
    `Give it as ${missing.name}=${missing.isFile ? "@file" : "value"}`,
  );
}
