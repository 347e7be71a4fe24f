import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { z } from "zod";
import { ECHO, makeWorld } from "../testing/world.ts";
import { templateOf } from "./document.ts";
import { SECTIONS } from "./operations.ts";

const OPERATIONS = SECTIONS.flatMap(({ operations }) => operations);
const REPLICATES = fileURLToPath(new URL("../../../e2e/oracle/replicate-openapi.json", import.meta.url));
/** What is there for browsers and installers, and no part of the API. */
const NOT_DESCRIBED = ["GET /", "GET /:page{(?!v1/).+}", "GET /p/:id", "GET /easel.tgz", "GET /docs/api"];

const Paths = z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() })));
const Document = z.looseObject({
  paths: Paths,
  components: z.looseObject({ schemas: z.record(z.string(), z.json()) }),
});

async function document() {
  const { app } = await makeWorld();
  return Document.parse(await (await app.request("/openapi.json")).json());
}

test("every route is described, and nothing else is", async () => {
  const { app } = await makeWorld({ EASEL_METRICS: "on" });
  const routes = app.routes.filter(({ method, path }) => method !== "ALL" && !path.startsWith("/v1/v1/"));
  const there = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  expect([...there].filter((route) => !NOT_DESCRIBED.includes(route)).sort()).toEqual(
    OPERATIONS.map(({ route }) => route).sort(),
  );
  expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length);
});

test("Replicate's operations have Replicate's names, methods and paths", async () => {
  const nameless = (path: string) => path.replace(/\{\w+\}/g, "{}");
  const ours = new Map(
    OPERATIONS.map(({ route, id }) => {
      const [method = "", path = ""] = route.split(" ");
      return [id, `${method} ${nameless(templateOf(path))}`];
    }),
  );
  const { paths } = z.looseObject({ paths: Paths }).parse(JSON.parse(readFileSync(REPLICATES, "utf8")));
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      expect(ours.get(operationId)).toBe(`${method.toUpperCase()} /v1${nameless(path)}`);
    }
  }
});

test("all that it refers to is there, and every schema is one", async () => {
  const whole = await document();
  const references = [...JSON.stringify(whole).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = ""]) => reference);
  expect(references.length).toBeGreaterThan(50);
  const names = Object.keys(whole.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect(references.filter((reference) => !names.includes(reference))).toEqual([]);
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({ ...whole, $id: "easel" });
  for (const name of names) expect(() => ajv.compile({ $ref: `easel${name}` })).not.toThrow();
});

test("what the server answers is what the document says", async () => {
  const { app, call } = await makeWorld();
  await call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  await call("POST", "/v1/predictions", { version: ECHO.versionId, input: {} });
  const whole = await document();
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({ ...whole, $id: "easel" });
  for (const [path, name] of [
    ["/v1/account", "Account"],
    ["/v1/models", "ModelPage"],
    ["/v1/predictions", "PredictionPage"],
    ["/v1/collections/fine-tunable", "Collection"],
    ["/v1/search?query=echo", "SearchResult"],
  ]) {
    const validate = ajv.compile({ $ref: `easel#/components/schemas/${name}` });
    expect([path, validate(await (await call("GET", path ?? "")).json()), validate.errors]).toEqual([path, true, null]);
  }
  const problem = ajv.compile({ $ref: "easel#/components/schemas/Problem" });
  expect(problem(await (await app.request("/v1/account")).json())).toBe(true);
});

test("its page shows each operation, and lets a browser do nothing but show it", async () => {
  const { app } = await makeWorld();
  const reply = await app.request("/docs/api");
  const text = await reply.text();
  for (const { id } of OPERATIONS) expect(text).toContain(`<details id="${id}">`);
  expect(text).not.toMatch(/<script|\son\w+=|https?:\/\//);
  expect(reply.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
});
