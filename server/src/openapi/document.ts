/** The OpenAPI document of the HTTP API, made of the table of operations and the contract's schemas. */
import { type Operation, SECTIONS } from "./operations.ts";
import { type JsonSchema, type SchemaName, schemasOfContract } from "./schemas.ts";

const PROBLEM = { "application/problem+json": { schema: refer("Problem") } };

/** `origin` is where the server answers. As in Replicate's own document, a path may have the method `query`. */
export function openApiDocument(origin: string) {
  const paths: Record<string, Record<string, object>> = {};
  for (const { name, operations } of SECTIONS) {
    for (const operation of operations) {
      const [method = "", path = ""] = operation.route.split(" ");
      const template = templateOf(path);
      paths[template] = { ...paths[template], [method.toLowerCase()]: describe(operation, name, path) };
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Easel",
      version: "1",
      description: "Replicate's HTTP API, served by Easel, and what Easel adds to it.",
    },
    servers: [{ url: origin }],
    security: [{ token: [] }],
    tags: SECTIONS.map(({ name }) => ({ name })),
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "An API token" } },
      schemas: schemasOfContract(),
    },
  };
}

/** `/v1/models/:owner/:name` as OpenAPI writes it. */
export function templateOf(path: string): string {
  return path.replace(/:([a-z]+)(?:\{[^}]*\})?/g, "{$1}");
}

function describe({ id, says, query = {}, headers = {}, body, replies, isOpen }: Operation, tag: string, path: string) {
  const parameters = [
    ...[...path.matchAll(/:([a-z]+)/g)].map(([, name = ""]) => parameter("path", name, undefined)),
    ...Object.entries(query).map(([name, description]) => parameter("query", name, description)),
    ...Object.entries(headers).map(([name, description]) => parameter("header", name, description)),
  ];
  return {
    operationId: id,
    summary: says,
    tags: [tag],
    ...(isOpen ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBody(body) }),
    responses: {
      ...Object.fromEntries(Object.entries(replies).map(([status, reply]) => [status, response(reply)])),
      default: { description: "A refusal: what is wrong, and the way out", content: PROBLEM },
    },
  };
}

function parameter(place: "path" | "query" | "header", name: string, description: string | undefined) {
  const required = place === "path";
  return {
    in: place,
    name,
    required,
    ...(description === undefined ? {} : { description }),
    schema: { type: "string" },
  };
}

function requestBody(body: NonNullable<Operation["body"]>) {
  if (typeof body === "string") return { required: true, content: { "application/json": { schema: refer(body) } } };
  return { required: true, description: body.says, content: { [body.type]: {} } };
}

function response(reply: Operation["replies"][number]) {
  if (reply === null) return { description: "Nothing more to say" };
  if (reply === undefined || typeof reply === "string")
    return { description: "Done", content: { "application/json": { schema: refer(reply ?? "Problem") } } };
  return { description: "Done", content: { [reply.type]: {} } };
}

function refer(name: SchemaName): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
