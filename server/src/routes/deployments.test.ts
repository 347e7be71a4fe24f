import { Deployment, DeploymentPage, Prediction, Problem, Version } from "@easel/contract";
import { expect, test } from "vitest";
import { listDeployedVersions } from "../models/deployments.ts";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho } from "../testing/training.ts";
import { ECHO, makeWorld } from "../testing/world.ts";

const BODY = {
  name: "front",
  model: "easel/echo",
  version: ECHO.versionId,
  hardware: "cpu",
  min_instances: 0,
  max_instances: 2,
};

test("a deployment is created, listed, changed release by release, and deleted", async () => {
  const world = await makeWorld();
  const reply = await world.call("POST", "/v1/deployments", BODY);
  expect(reply.status).toBe(200);
  const made = await read(reply, Deployment);
  expect(made).toMatchObject({
    owner: "you",
    name: "front",
    current_release: {
      number: 1,
      model: "easel/echo",
      version: ECHO.versionId,
      created_by: { type: "user", username: "you", name: "you" },
      configuration: { hardware: "cpu", min_instances: 0, max_instances: 2 },
    },
  });
  expect((await read(world.call("GET", "/v1/deployments"), DeploymentPage)).results).toEqual([made]);
  const changed = await read(world.call("PATCH", "/v1/deployments/you/front", { min_instances: 1 }), Deployment);
  expect(changed.current_release).toMatchObject({
    number: 2,
    version: ECHO.versionId,
    configuration: { hardware: "cpu", min_instances: 1, max_instances: 2 },
  });
  expect(await listDeployedVersions(world.context.db)).toMatchObject([
    { deployment: "you/front", program: "models/echo", weights_sha256: null, min_instances: 1, max_instances: 2 },
  ]);
  expect((await world.call("DELETE", "/v1/deployments/you/front")).status).toBe(204);
  expect((await world.call("GET", "/v1/deployments/you/front")).status).toBe(404);
  expect(await listDeployedVersions(world.context.db)).toEqual([]);
});

test("pinned to a version, it answers with it whatever is trained after it", async () => {
  const world = await makeWorld({}, { processes: true });
  const first = await endedTraining(world, await trainEcho(world, { steps: 1, token_string: "HAT" }));
  const version = first.output?.version.split(":")[1];
  await world.call("POST", "/v1/deployments", { ...BODY, model: "you/toy", version });
  const second = await endedTraining(world, await trainEcho(world, { steps: 1, token_string: "CAP" }));
  expect(second.output?.version).not.toBe(first.output?.version);
  const ask = () =>
    read(world.call("POST", "/v1/deployments/you/front/predictions", { input: {} }, { Prefer: "wait" }), Prediction);
  expect(await ask()).toMatchObject({
    status: "succeeded",
    model: "you/toy",
    version,
    deployment: "you/front",
    logs: expect.stringContaining("echo: HAT "),
  });
  await world.call("PATCH", "/v1/deployments/you/front", { version: second.output?.version.split(":")[1] });
  expect((await ask()).logs).toContain("echo: CAP ");
});

test("its version's schema answers under its own name, where Replicate's command line looks for it", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/deployments", BODY);
  const path = `/v1/models/you/front/versions/${ECHO.versionId}`;
  expect((await read(world.call("GET", path), Version)).openapi_schema).toHaveProperty("components.schemas.Input");
  expect((await world.call("GET", `/v1/models/you/front/versions/${"0".repeat(64)}`)).status).toBe(404);
  const headers = { Authorization: `Bearer ${world.otherToken}` };
  expect((await world.app.request(path, { headers })).status).toBe(404);
});

test("it is not deleted while a prediction of it waits", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/deployments", BODY);
  const { id } = await read(world.call("POST", "/v1/deployments/you/front/predictions", { input: {} }), Prediction);
  const refusal = await read(world.call("DELETE", "/v1/deployments/you/front"), Problem);
  expect(refusal).toMatchObject({ status: 422, detail: expect.stringContaining("cancel them") });
  await world.call("POST", `/v1/predictions/${id}/cancel`);
  expect((await world.call("DELETE", "/v1/deployments/you/front")).status).toBe(204);
  expect(await read(world.call("GET", `/v1/predictions/${id}`), Prediction)).toMatchObject({ deployment: "you/front" });
});

test("another account meets the 404 of a deployment that never was", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/deployments", BODY);
  const headers = { Authorization: `Bearer ${world.otherToken}`, "Content-Type": "application/json" };
  for (const [method, path] of [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["POST", "/predictions"],
  ] as const) {
    const body = method === "GET" ? {} : { body: JSON.stringify({ input: {} }) };
    const theirs = await world.app.request(`/v1/deployments/you/front${path}`, { method, headers, ...body });
    const never = await world.app.request(`/v1/deployments/you/never${path}`, { method, headers, ...body });
    expect([theirs.status, await theirs.json()]).toEqual([404, await never.json()]);
  }
});

test.each<[what: string, change: Record<string, unknown>, status: number, words: string]>([
  ["a name with capitals", { name: "Front" }, 422, "lower-case"],
  ["more instances at least than at most", { min_instances: 3 }, 422, "less than or equal to max_instances"],
  ["six instances at least", { min_instances: 6, max_instances: 20 }, 422, "min_instances"],
  ["a model that is not there", { model: "you/none" }, 404, "could not be found"],
  ["a version of another model", { model: "easel/emoji" }, 404, "could not be found"],
  ["no version", { version: undefined }, 422, "version is required"],
])("%s is refused, and nothing is made", async (_what, change, status, words) => {
  const world = await makeWorld();
  const refusal = await read(world.call("POST", "/v1/deployments", { ...BODY, ...change }), Problem);
  expect(refusal).toMatchObject({ status, detail: expect.stringContaining(words) });
  expect((await read(world.call("GET", "/v1/deployments"), DeploymentPage)).results).toEqual([]);
});

test("a second one of the same name is a conflict that clients do not repeat, and one turned off runs nothing", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/deployments", BODY);
  const again = await world.call("POST", "/v1/deployments", BODY);
  expect([again.status, again.headers.get("x-should-retry")]).toEqual([409, "false"]);
  await world.call("PATCH", "/v1/deployments/you/front", { max_instances: 0 });
  const refusal = await read(world.call("POST", "/v1/deployments/you/front/predictions", { input: {} }), Problem);
  expect(refusal).toMatchObject({ status: 422, detail: expect.stringContaining("max_instances 0") });
});
