import { File, Model, ModelPage, Prediction, PredictionPage, Problem, Version } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "./testing/read.ts";
import { ECHO, makeWorld, type World } from "./testing/world.ts";

const EMOJI = "a2972a840367c154771265bfca10708bf804ae727527c2a40659ec3bfcafb5ff";

async function refusal(world: World, method: string, path: string, body?: unknown): Promise<Problem> {
  const reply = await world.call(method, path, body);
  expect(reply.headers.get("content-type")).toBe("application/problem+json");
  expect(reply.headers.get("x-request-id")).toMatch(/^[0-9a-f]{24}$/);
  const problem = await read(reply, Problem);
  expect(problem.status).toBe(reply.status);
  return problem;
}

test("without a token nothing answers but health", async () => {
  const { app } = await makeWorld();
  expect((await app.request("/health/live")).status).toBe(200);
  expect((await app.request("/health/ready")).status).toBe(200);
  for (const path of ["/v1/account", "/v1/models", "/v1/predictions", "/v1/trainings", "/v1/files", "/v1/hardware"]) {
    const reply = await app.request(path);
    expect(reply.status).toBe(401);
    expect(await reply.json()).toEqual({
      title: "Unauthenticated",
      detail: "You did not pass a valid authentication token",
      status: 401,
    });
  }
});

test.each(["Bearer", "Token", "bearer", "TOKEN"])("a token is taken as %s", async (scheme) => {
  const { app, token } = await makeWorld();
  const reply = await app.request("/v1/account", { headers: { Authorization: `${scheme} ${token}` } });
  expect(await reply.json()).toMatchObject({ type: "user", username: "you", name: "you" });
});

test("every path answers behind /v1/v1 too", async () => {
  const { call } = await makeWorld();
  expect((await call("GET", "/v1/v1/account")).status).toBe(200);
});

test("a name that is not the server's is refused, an address never", async () => {
  const { app } = await makeWorld();
  expect((await app.request("http://evil.example/health/live")).status).toBe(421);
  expect((await app.request("http://10.1.2.3:7788/health/live")).status).toBe(200);
});

test("every reply has an id of its own, and tells a browser to make no more of it than it is", async () => {
  const world = await makeWorld();
  const form = new FormData();
  form.append("content", new Blob(["<script>"]), "a.html");
  const headers = { Authorization: `Bearer ${world.token}` };
  const upload = await world.app.request("/v1/files", { method: "POST", body: form, headers });
  const { id } = await read(upload, File);
  const replies = [
    await world.call("GET", "/v1/account"),
    await world.call("GET", "/v1/nothing"),
    await world.call("GET", `/v1/files/${id}/download`),
    await world.app.request("/health/live"),
    await world.app.request("/p/00000000000000000000000000"),
    await world.app.request("http://evil.example/"),
  ];
  for (const { headers } of replies) {
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  }
  const ids = replies.map((reply) => reply.headers.get("x-request-id"));
  expect(new Set(ids.filter((one) => /^[0-9a-f]{24}$/.test(one ?? ""))).size).toBe(replies.length);
});

test("a model is created once, shown, and listed", async () => {
  const world = await makeWorld();
  const body = { owner: "you", name: "toy", visibility: "private", hardware: "gpu-t4", description: "A toy" };
  const reply = await world.call("POST", "/v1/models", body);
  expect(reply.status).toBe(201);
  const model = await read(reply, Model);
  expect(model).toMatchObject({ owner: "you", name: "toy", visibility: "private", latest_version: null, run_count: 0 });
  expect(await (await world.call("GET", "/v1/models/you/toy")).json()).toEqual(model);
  const again = await refusal(world, "POST", "/v1/models", body);
  expect(again).toMatchObject({ status: 409, detail: "A model with that name and owner already exists." });
  const { results } = await read(world.call("GET", "/v1/models"), ModelPage);
  expect(results.map((each) => `${each.owner}/${each.name}`)).toContain("you/toy");
});

test("someone else's private model is as absent as one that never was", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const headers = { Authorization: `Bearer ${world.otherToken}` };
  const [there, nowhere] = await Promise.all(
    ["/v1/models/you/toy", "/v1/models/you/nothing"].map(async (path) =>
      (await world.app.request(path, { headers })).json(),
    ),
  );
  expect(there).toEqual(nowhere);
});

test("built-in versions have the ids that Replicate's scripts name", async () => {
  const { call } = await makeWorld();
  const asked = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b";
  const version = await read(call("GET", `/v1/models/stability-ai/sdxl/versions/${asked}`), Version);
  expect(version.id).toBe(asked);
  expect((await call("GET", `/v1/models/easel/emoji/versions/${EMOJI}`)).status).toBe(200);
});

test.each<[what: string, method: string, path: string, body: unknown, status: number, words: string]>([
  ["an unknown path", "GET", "/v1/nothing", undefined, 404, "could not be found"],
  ["a body that is no JSON object", "POST", "/v1/models", [], 422, "body"],
  [
    "a name with capitals",
    "POST",
    "/v1/models",
    { owner: "you", name: "Toy", visibility: "private", hardware: "cpu" },
    422,
    "lower-case",
  ],
  [
    "a model under another's name",
    "POST",
    "/v1/models",
    { owner: "easel", name: "toy", visibility: "private", hardware: "cpu" },
    403,
    "you/toy",
  ],
  [
    "an unknown version",
    "POST",
    "/v1/predictions",
    { version: "0".repeat(64), input: {} },
    422,
    "version does not exist",
  ],
  [
    "an unknown top-level key",
    "POST",
    "/v1/predictions",
    { version: EMOJI, model: "x", input: {} },
    422,
    "Additional property model",
  ],
  ["no input", "POST", "/v1/predictions", { version: EMOJI }, 422, "input is required"],
  [
    "an unknown input",
    "POST",
    "/v1/predictions",
    { version: EMOJI, input: { promt: "a fox" } },
    422,
    "Additional property promt",
  ],
  [
    "a number out of bounds",
    "POST",
    "/v1/predictions",
    { version: EMOJI, input: { num_outputs: 9 } },
    422,
    "input.num_outputs: Must be less than or equal to 4",
  ],
  [
    "a value of the wrong type",
    "POST",
    "/v1/predictions",
    { version: EMOJI, input: { seed: "x" } },
    422,
    "Expected: integer, given: string",
  ],
  [
    "SDXL without its weights",
    "POST",
    "/v1/models/stability-ai/sdxl/predictions",
    { input: { prompt: "a fox" } },
    422,
    "EASEL_SDXL_BASE",
  ],
  [
    "a destination that does not exist",
    "POST",
    `/v1/models/easel/emoji/versions/${EMOJI}/trainings`,
    { destination: "you/none", input: {} },
    404,
    "destination does not exist",
  ],
  [
    "a run that does not exist",
    "GET",
    "/v1/predictions/00000000000000000000000000",
    undefined,
    404,
    "could not be found",
  ],
])("%s is refused in words that help", async (_what, method, path, body, status, words) => {
  const world = await makeWorld();
  const problem = await refusal(world, method, path, body);
  expect(problem.status).toBe(status);
  expect(problem.detail).toContain(words);
});

test("a training needs images, and a file that is there", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const path = `/v1/models/easel/emoji/versions/${EMOJI}/trainings`;
  const missing = await refusal(world, "POST", path, { destination: "you/toy", input: {} });
  expect(missing.invalid_fields).toEqual([
    { type: "required", field: "input", description: "input_images is required" },
  ]);
  const gone = await refusal(world, "POST", path, {
    destination: "you/toy",
    input: { input_images: "http://127.0.0.1:7788/v1/files/nothing" },
  });
  expect(gone.detail).toContain("upload it again");
  expect(await (await world.call("GET", "/v1/trainings")).json()).toMatchObject({ results: [] });
});

test("a waiting run is canceled at once, and a second cancel changes nothing", async () => {
  const world = await makeWorld();
  const body = { version: ECHO.versionId, input: {} };
  const { id, status } = await read(world.call("POST", "/v1/predictions", body), Prediction);
  expect(status).toBe("starting");
  const cancel = () => read(world.call("POST", `/v1/predictions/${id}/cancel`), Prediction);
  const canceled = await cancel();
  expect(canceled.status).toBe("canceled");
  expect(await cancel()).toEqual(canceled);
});

test("a list of over a page is whole by following next, also where rows have one and the same time", async () => {
  const world = await makeWorld({}, { now: () => Date.parse("2026-01-01T00:00:00Z") });
  for (let number = 0; number < 101; number++) {
    const body = { version: ECHO.versionId, input: { text: String(number) } };
    expect((await world.call("POST", "/v1/predictions", body)).status).toBe(201);
  }
  const first = await read(world.call("GET", "/v1/predictions"), PredictionPage);
  const { pathname, search } = new URL(first.next ?? "");
  const second = await read(world.call("GET", pathname + search), PredictionPage);
  expect(second.next).toBeNull();
  expect(new Set([...first.results, ...second.results].map(({ id }) => id)).size).toBe(101);
});
