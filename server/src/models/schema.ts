/** A version's OpenAPI schema, as far as the server reads it: what its output looks like, and how a trained version inherits it. */
import { z } from "zod";

const Component = z.looseObject({
  type: z.string().optional(),
  properties: z.record(z.string(), z.looseObject({})).optional(),
});

const Items = z.looseObject({ format: z.string().optional() });

const VersionSchema = z.looseObject({
  paths: z.record(z.string(), z.unknown()).optional(),
  components: z.looseObject({ schemas: z.record(z.string(), Component) }),
});
export type VersionSchema = z.infer<typeof VersionSchema>;

/** Versions share a few schemas and each is read at every create: the last ones stay parsed. */
const PARSED_MAX = 50;
const parsed = new Map<string, VersionSchema>();

/** The same text gives the same object, so that what is compiled from it can be kept beside it. */
export function parseSchema(json: string): VersionSchema {
  const known = parsed.get(json);
  if (known !== undefined) return known;
  const schema = VersionSchema.parse(JSON.parse(json));
  if (parsed.size >= PARSED_MAX) parsed.delete(parsed.keys().next().value ?? "");
  parsed.set(json, schema);
  return schema;
}

/** True when a run of this version gives a list, even of one file. */
export function outputIsList(schema: VersionSchema): boolean {
  return schema.components.schemas.Output?.type === "array";
}

/**
 * What the outputs are streamed as. Only an iterator's come piece by piece; whoever opens a stream of another output
 * (`isWanted`) gets it at the end, and clients that see a stream show no progress, so it is offered only then.
 */
export function streamOf(schema: VersionSchema, isWanted = false): "text" | "files" | null {
  const { Output } = schema.components.schemas;
  if (Output?.["x-cog-array-type"] !== "iterator" && !isWanted) return null;
  const { format } = Items.parse(Output?.items ?? Output ?? {});
  return format === "uri" ? "files" : "text";
}

export function canTrain(schema: VersionSchema): boolean {
  return schema.components.schemas.TrainingInput !== undefined;
}

export function canPredict(schema: VersionSchema): boolean {
  return schema.components.schemas.Input !== undefined;
}

/**
 * The schema of a trained version: its base's without the training part, with the defaults that the training recommends
 * (its token string in the example prompt, say). Defaults for inputs that do not exist are passed over.
 */
export function trainedSchema(base: VersionSchema, defaults: Record<string, unknown>): VersionSchema {
  const {
    TrainingInput: _input,
    TrainingOutput: _output,
    TrainingRequest: _request,
    TrainingResponse: _response,
    ...schemas
  } = base.components.schemas;
  const paths = Object.fromEntries(Object.entries(base.paths ?? {}).filter(([path]) => !path.startsWith("/trainings")));
  return withDefaults({ ...base, paths, components: { ...base.components, schemas } }, { Input: defaults });
}

/** The schema with other defaults, by component. Those for components or inputs that do not exist are passed over. */
export function withDefaults(schema: VersionSchema, defaults: Record<string, Record<string, unknown>>): VersionSchema {
  const schemas = { ...schema.components.schemas };
  for (const [component, values] of Object.entries(defaults)) {
    const described = schemas[component];
    if (described === undefined) continue;
    const properties = { ...described.properties };
    for (const [name, value] of Object.entries(values)) {
      const property = properties[name];
      if (property !== undefined) properties[name] = { ...property, default: value };
    }
    schemas[component] = { ...described, properties };
  }
  return { ...schema, components: { ...schema.components, schemas } };
}
