/** What holds for an input of a run that was not given: the version's default, which may depend on what was. */
import { type RunInput, readInputFields, settleFields } from "@easel/contract";
import type { VersionSchema } from "./schema.ts";

/** Answers the value that an input has, by its name; of trainings where the version can be trained, else of predictions. */
export function settleInput(schema: VersionSchema, given: RunInput): (name: string) => unknown {
  const version = { openapi_schema: schema };
  const fields = readInputFields(version, "TrainingInput") ?? readInputFields(version, "Input") ?? [];
  const defaults = new Map(settleFields(version, fields, given).map((field) => [field.name, field.default]));
  return (name) => given[name] ?? defaults.get(name);
}
