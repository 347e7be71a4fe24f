/** Places in a run's input: an input's name, or, in a list of objects, `loras.0.url`. */
import type { RunInput } from "./run.ts";

type Json = RunInput[string];

/** What stands at a place; undefined where nothing does. */
export function valueAt(input: RunInput, place: string): Json | undefined {
  const [name = "", index, part = ""] = place.split(".");
  const list = input[name];
  if (index === undefined) return list;
  const item = Array.isArray(list) ? list[Number(index)] : undefined;
  return typeof item === "object" && !Array.isArray(item) ? item?.[part] : undefined;
}

/** The input with another value at a place that is in it. */
export function replaceAt(input: RunInput, place: string, value: Json): RunInput {
  const [name = "", index, part = ""] = place.split(".");
  const list = input[name];
  if (index === undefined || !Array.isArray(list)) return { ...input, [name]: value };
  return { ...input, [name]: list.map((item, at) => (at === Number(index) ? replacePart(item, part, value) : item)) };
}

function replacePart(item: Json, part: string, value: Json): Json {
  return typeof item === "object" && !Array.isArray(item) ? { ...item, [part]: value } : item;
}
