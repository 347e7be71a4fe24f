import {
  Collection,
  CollectionPage,
  Model,
  ModelPage,
  Prediction,
  PredictionPage,
  Problem,
  SearchResult,
  VersionPage,
} from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho } from "../testing/training.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";

const TOY = { owner: "you", name: "toy", visibility: "private", hardware: "cpu" };

const as = (token: string) => ({ Authorization: `Bearer ${token}` });
const names = (models: Model[]) => models.map(({ owner, name }) => `${owner}/${name}`);

test("a model's facts are changed one by one, and its README is plain text", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", { ...TOY, description: "A toy", github_url: "" });
  expect((await world.call("GET", "/v1/models/you/toy/readme")).status).toBe(404);
  const change = { readme: "# Toy\n", weights_url: "https://example.com/w.tar", description: null };
  const changed = await read(world.call("PATCH", "/v1/models/you/toy", change), Model);
  expect(changed).toMatchObject({ description: null, github_url: null, weights_url: "https://example.com/w.tar" });
  const readme = await world.call("GET", "/v1/models/you/toy/readme");
  expect(readme.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await readme.text()).toBe("# Toy\n");
  expect(await read(world.call("PATCH", "/v1/models/you/toy", {}), Model)).toEqual(changed);
});

test.each<[what: string, path: string, change: Record<string, unknown>, status: number]>([
  ["a link that a browser would run", "you/toy", { github_url: "javascript:alert(1)" }, 422],
  ["another's public model", "easel/emoji", { description: "mine" }, 403],
  ["a model that is not there", "you/none", { description: "x" }, 404],
])("%s is refused in a change", async (_what, path, change, status) => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", TOY);
  expect((await world.call("PATCH", `/v1/models/${path}`, change)).status).toBe(status);
});

test("a private model without versions is deleted, and its name is free again", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", { ...TOY, visibility: "public" });
  const refusal = await read(world.call("DELETE", "/v1/models/you/toy"), Problem);
  expect(refusal).toMatchObject({ status: 422, detail: expect.stringContaining("visibility private") });
  await world.call("PATCH", "/v1/models/you/toy", { visibility: "private" });
  expect((await world.call("DELETE", "/v1/models/you/toy")).status).toBe(204);
  expect((await world.call("GET", "/v1/models/you/toy")).status).toBe(404);
  expect((await world.call("DELETE", "/v1/models/you/toy")).status).toBe(404);
  expect(names((await read(world.call("GET", "/v1/models"), ModelPage)).results)).not.toContain("you/toy");
  expect((await world.call("POST", "/v1/models", TOY)).status).toBe(201);
});

test("a version is deleted when nothing needs it, and the runs that named it are still told", async () => {
  const world = await makeWorld({}, { processes: true });
  const training = await endedTraining(world, await trainEcho(world, { steps: 1 }));
  const [, version = ""] = training.output?.version.split(":") ?? [];
  const path = `/v1/models/you/toy/versions/${version}`;
  const made = await read(
    world.call("POST", "/v1/predictions", { version, input: {} }, { Prefer: "wait" }),
    Prediction,
  );

  const deployment = { name: "d", model: "you/toy", version, hardware: "cpu", min_instances: 0, max_instances: 1 };
  await world.call("POST", "/v1/deployments", deployment);
  expect(await read(world.call("DELETE", path), Problem)).toMatchObject({ status: 422, title: "Version in use" });
  await world.call("DELETE", "/v1/deployments/you/d");
  expect((await world.call("DELETE", "/v1/models/you/toy")).status).toBe(422);

  expect((await world.call("DELETE", path)).status).toBe(204);
  expect((await world.call("GET", path)).status).toBe(404);
  expect((await world.call("POST", "/v1/predictions", { version, input: {} })).status).toBe(422);
  expect((await read(world.call("GET", "/v1/models/you/toy/versions"), VersionPage)).results).toEqual([]);
  expect(await read(world.call("GET", "/v1/models/you/toy"), Model)).toMatchObject({
    latest_version: null,
    run_count: 1,
  });
  expect(await read(world.call("GET", `/v1/predictions/${made.id}`), Prediction)).toMatchObject({
    version,
    status: "succeeded",
  });
  expect((await world.call("DELETE", "/v1/models/you/toy")).status).toBe(204);
  expect((await endedTraining(world, training.id)).destination).toBe("you/toy");
});

test("a model is not deleted while a training goes to it", async () => {
  const world = await makeWorld();
  const id = await trainEcho(world, {});
  const refusal = await read(world.call("DELETE", "/v1/models/you/toy"), Problem);
  expect(refusal.detail).toContain("trainings that go to it");
  await world.call("POST", `/v1/trainings/${id}/cancel`);
  expect((await world.call("DELETE", "/v1/models/you/toy")).status).toBe(204);
});

test("built-in versions are nobody's to delete", async () => {
  const { call } = await makeWorld();
  expect((await call("DELETE", `/v1/models/easel/echo/versions/${ECHO.versionId}`)).status).toBe(403);
  expect((await call("DELETE", "/v1/models/easel/echo")).status).toBe(403);
});

/** A public model of `you` with a version, which is echo's own. */
async function publishedEcho(world: World): Promise<void> {
  await world.call("POST", "/v1/models", { ...TOY, visibility: "public" });
  await endedTraining(world, await trainEcho(world, { steps: 1 }));
}

test("examples are what the owner marks: the last one is the default, everyone sees them, nobody the webhook", async () => {
  let stopped: number | undefined;
  const world = await makeWorld({}, { processes: true, now: () => stopped ?? Date.now() });
  await publishedEcho(world);
  const predict = async (text: string) => {
    const body = { input: { text }, webhook: "https://example.com/hook" };
    return (await read(world.call("POST", "/v1/models/you/toy/predictions", body, { Prefer: "wait" }), Prediction)).id;
  };
  const [first, second] = [await predict("one"), await predict("two")];
  const path = "/v1/models/you/toy/examples";
  const listed = async () => (await read(world.call("GET", path), PredictionPage)).results.map(({ id }) => id);
  // All within one millisecond.
  stopped = Date.now();
  expect(await read(world.call("PUT", `${path}/${first}`), Prediction)).toMatchObject({ id: first });
  await world.call("PUT", `${path}/${second}`);
  expect(await listed()).toEqual([second, first]);
  await world.call("PUT", `${path}/${first}`);
  expect(await listed()).toEqual([first, second]);
  stopped = undefined;
  const theirs = await world.app.request(path, { headers: as(world.otherToken) });
  const page = await read(theirs, PredictionPage);
  expect(page.results.map(({ id }) => id)).toEqual([first, second]);
  expect(JSON.stringify(page)).not.toContain("example.com/hook");
  const model = await read(world.app.request("/v1/models/you/toy", { headers: as(world.otherToken) }), Model);
  expect(model.default_example).toMatchObject({ id: first, status: "succeeded" });

  const put = (token: string) => world.app.request(`${path}/${second}`, { method: "PUT", headers: as(token) });
  expect((await put(world.otherToken)).status).toBe(403);
  expect((await world.call("DELETE", `${path}/${first}`)).status).toBe(204);
  expect((await world.call("DELETE", `${path}/${first}`)).status).toBe(404);
  expect((await read(world.call("GET", "/v1/models/you/toy"), Model)).default_example?.id).toBe(second);
});

test("a prediction of another model, or one that has not succeeded, is no example", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", TOY);
  const { id } = await read(world.call("POST", "/v1/predictions", { version: ECHO.versionId, input: {} }), Prediction);
  expect((await world.call("PUT", `/v1/models/you/toy/examples/${id}`)).status).toBe(404);
});

test("models are sorted by their newest version or by their own age, page by page", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const world = await makeWorld({}, { now: () => now++ });
  for (let number = 0; number < 101; number++) {
    await world.call("POST", "/v1/models", { ...TOY, name: `m${number}` });
  }
  const first = await read(world.call("GET", "/v1/models?sort_by=model_created_at&sort_direction=asc"), ModelPage);
  const { pathname, search } = new URL(first.next ?? "");
  expect(search).toContain("sort_direction=asc");
  const second = await read(world.call("GET", pathname + search), ModelPage);
  const all = names([...first.results, ...second.results]).filter((name) => name.startsWith("you/"));
  expect(all).toEqual(Array.from({ length: 101 }, (_, number) => `you/m${number}`));
  expect(second.next).toBeNull();
  expect(names((await read(world.call("GET", "/v1/models"), ModelPage)).results)[0]).toBe("you/m100");
  expect((await world.call("GET", "/v1/models?sort_by=name")).status).toBe(400);
});

test.each([
  ["as it is, in plain text", "text/plain", "RED fox"],
  ["as a JSON string, in plain text", "text/plain", '"RED fox"'],
  ["as JSON", "application/json", '"RED fox"'],
])("QUERY /v1/models finds all words, sent %s", async (_how, type, body) => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", { ...TOY, name: "foxes", description: "draws Red ones" });
  await world.call("POST", "/v1/models", { ...TOY, name: "fox" });
  const headers = { ...as(world.token), "Content-Type": type };
  const found = await read(world.app.request("/v1/models", { method: "QUERY", headers, body }), ModelPage);
  expect(names(found.results)).toEqual(["you/foxes"]);
});

test("search ranks a name above a description, counts % as itself, and shows nobody another's private model", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", { ...TOY, name: "toy", description: "100% emoji" });
  const all = await read(world.call("GET", "/v1/search?query=emoji"), SearchResult);
  expect(names(all.models.map(({ model }) => model)).slice(0, 3)).toEqual(["easel/emoji", "easel/emoji-3d", "you/toy"]);
  expect(all.models[1]?.metadata.score).toBeGreaterThan(all.models[2]?.metadata.score ?? 0);
  expect((await read(world.call("GET", "/v1/search?query=100%25"), SearchResult)).models).toHaveLength(1);
  expect((await read(world.call("GET", "/v1/search?query=emoji&limit=1"), SearchResult)).models).toHaveLength(1);
  const theirs = await world.app.request("/v1/search?query=toy", { headers: as(world.otherToken) });
  expect((await read(theirs, SearchResult)).models).toEqual([]);
  const refusal = await read(world.call("GET", "/v1/search"), Problem);
  expect(refusal).toMatchObject({ status: 400, detail: 'Query parameter "query" is required' });
  expect((await world.call("GET", "/v1/search?query=x&limit=51")).status).toBe(400);
});

test("a collection holds what can be trained", async () => {
  const { call } = await makeWorld();
  const { results } = await read(call("GET", "/v1/collections"), CollectionPage);
  expect(results.map(({ slug }) => slug)).toEqual(["fine-tunable"]);
  const { models } = await read(call("GET", "/v1/collections/fine-tunable"), Collection);
  expect(names(models)).toContain("easel/emoji");
  expect(names(models)).not.toContain("easel/prepare");
  expect((await call("GET", "/v1/collections/none")).status).toBe(404);
  const found = await read(call("GET", "/v1/search?query=fine-tunable"), SearchResult);
  expect(found.collections).toMatchObject([{ slug: "fine-tunable" }]);
});
