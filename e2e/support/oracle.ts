/**
 * Replicate's own OpenAPI document, from a copy of ours, as the judge of what the server answers. What is different on
 * purpose is named, each difference with the client that needs it; one that nothing shows any more is stale.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import { z } from "zod";
import type { Exchange } from "./recorder.ts";

const DOCUMENT = fileURLToPath(new URL("../oracle/replicate-openapi.json", import.meta.url));

/** What the server does otherwise, by operation and place in the reply → the client that needs it so. */
export const DIFFERENCES: Record<string, string> = {
  "models.versions.delete: status 204":
    "PyPI replicate 1: versions.delete() is True for 204 alone, where Replicate documents 202",
};

const Operation = z.looseObject({
  operationId: z.string(),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
});
const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

interface Route {
  method: string;
  pattern: RegExp;
  operation: z.infer<typeof Operation>;
  pointer: string;
}

export interface Verdict {
  /** Undefined where Replicate has no such operation. */
  operation: string | undefined;
  /** Each as `operation: place is wrong`, in the words of the differences. */
  faults: string[];
}

/** What is wrong in what passed, but for the differences that are named. */
export function faultsIn(exchanges: Exchange[]): string[] {
  const oracle = new Oracle();
  const faults = new Set(exchanges.flatMap((exchange) => oracle.judge(exchange).faults));
  return [...faults].filter((fault) => DIFFERENCES[fault] === undefined);
}

export class Oracle {
  readonly #routes: Route[];
  readonly #ajv: Ajv;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor() {
    const document = Document.parse(withNulls(JSON.parse(readFileSync(DOCUMENT, "utf8"))));
    this.#ajv = new Ajv({ strict: false, allErrors: true });
    this.#ajv.addFormat("date-time", (text: string) => z.iso.datetime().safeParse(text).success);
    this.#ajv.addFormat("uri", (text: string) => URL.canParse(text));
    this.#ajv.addSchema({ ...document, $id: "replicate" });
    this.#routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        pattern: new RegExp(`^(?:/v1)+${path.replace(/\{\w+\}/g, "[^/]+")}$`),
        operation: Operation.parse(operation),
        pointer: `replicate#/paths/${pointerPart(path)}/${method}/responses`,
      })),
    );
  }

  /** Every operation's id. */
  get operations(): string[] {
    return this.#routes.map(({ operation }) => operation.operationId).sort();
  }

  judge({ method, path, status, headers, body }: Exchange): Verdict {
    const { pathname } = new URL(path, "http://oracle");
    const route = this.#routes.find((one) => one.method === method && one.pattern.test(pathname));
    if (route === undefined) return { operation: undefined, faults: [] };
    const { operationId, responses } = route.operation;
    const type = headers["content-type"]?.split(";")[0] ?? "";
    const documented = responses[status];
    if (documented === undefined) {
      // Which refusals there are is documented in prose only; they have one form.
      const isProblem = status >= 400 && type === "application/problem+json";
      return { operation: operationId, faults: isProblem ? [] : [`${operationId}: status ${status}`] };
    }
    if (documented.content === undefined) {
      return { operation: operationId, faults: body.length === 0 ? [] : [`${operationId}: a body with ${status}`] };
    }
    const known = Object.keys(documented.content).find((one) => one === type || status >= 400);
    if (known === undefined) return { operation: operationId, faults: [`${operationId}: ${type} with ${status}`] };
    if (!known.endsWith("json")) return { operation: operationId, faults: [] };
    const validate = this.#validator(`${route.pointer}/${status}/content/${pointerPart(known)}/schema`);
    if (validate(JSON.parse(body.toString("utf8")))) return { operation: operationId, faults: [] };
    const faults = (validate.errors ?? []).map((error) => {
      const place = error.instancePath.replace(/\/\d+(?=\/|$)/g, "/*") || "the reply";
      return `${operationId}: ${place} ${error.message}`;
    });
    return { operation: operationId, faults: [...new Set(faults)] };
  }

  /** What is wrong with a webhook's body, which is the run as a GET shows it. */
  judgeMessage(body: string): string[] {
    const validate = this.#validator("replicate#/components/schemas/schemas_prediction_response");
    if (validate(JSON.parse(body))) return [];
    return (validate.errors ?? []).map((error) => `webhook: ${error.instancePath} ${error.message}`);
  }

  #validator(pointer: string): ValidateFunction {
    const known = this.#validators.get(pointer) ?? this.#ajv.compile({ $ref: pointer });
    this.#validators.set(pointer, known);
    return known;
  }
}

/** `nullable` is of OpenAPI 3.0; JSON Schema says it in the type. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, withNulls(inner)]);
  const schema = Object.fromEntries(entries);
  if (schema.nullable === true && typeof schema.type === "string") schema.type = [schema.type, "null"];
  return schema;
}

/** A part of a JSON pointer, in a URI's fragment. */
function pointerPart(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}
