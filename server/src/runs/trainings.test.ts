import { Model, Prediction } from "@easel/contract";
import { expect, test } from "vitest";
import { z } from "zod";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho, untilEvent } from "../testing/training.ts";
import { makeWorld } from "../testing/world.ts";

test("a training publishes one version, which then answers with its weights", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, { steps: 3, token_string: "HAT" });
  const training = await endedTraining(world, id);
  expect(training).toMatchObject({ status: "succeeded", error: null, destination: "you/toy", output: { step: 3 } });
  const model = await read(world.call("GET", "/v1/models/you/toy"), Model);
  expect(training.output?.version).toBe(`you/toy:${model.latest_version?.id}`);
  expect(model).toHaveProperty("latest_version.openapi_schema.components.schemas.Input");
  expect(model).not.toHaveProperty("latest_version.openapi_schema.components.schemas.TrainingInput");
  const weights = await world.app.request(training.output?.weights ?? "");
  expect(weights.status).toBe(200);
  const reply = await world.call(
    "POST",
    "/v1/models/you/toy/predictions",
    { input: { format: "txt", text: "hi" } },
    { Prefer: "wait" },
  );
  const { output } = await read(reply, Prediction.extend({ output: z.tuple([z.string()]) }));
  expect(Buffer.from(output[0].split(",")[1] ?? "", "base64").toString()).toMatch(/^HAT [0-9a-f]+ hi$/);
});

test("a process that dies is noticed, and its training resumes from the last state", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, { steps: 6, state_every: 2, exit_at: 5 });
  const training = await endedTraining(world, id);
  expect(training.status).toBe("succeeded");
  expect(training.logs).toMatch(/The model process was killed \(SIGKILL\).* Trying again\./);
  expect(training.logs).toContain("echo: resuming after step 4");
});

test("a training that dies twice without getting further is failed, and says what happened", async () => {
  const world = await makeWorld({}, { processes: true });
  const training = await endedTraining(world, await trainEcho(world, { steps: 6, exit_at: 1 }));
  expect(training.status).toBe("failed");
  expect(training.error).toContain("Two tries in a row");
  await expect((await world.call("GET", "/v1/models/you/toy")).json()).resolves.toMatchObject({ latest_version: null });
});

test("weights that cannot be read never become a version", async () => {
  const world = await makeWorld({}, { processes: true });
  const training = await endedTraining(world, await trainEcho(world, { steps: 1, spoil_weights: true }));
  expect(training).toMatchObject({ status: "failed", output: null });
  expect(training.error).toContain("weights");
});

test("a cancel ends a training at its next step, and stop-and-keep publishes what there is", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, { steps: 1000, step_seconds: 0.02 });
  await untilEvent(world, id, "progress");
  await world.call("POST", `/v1/trainings/${id}/cancel`);
  expect(await endedTraining(world, id)).toMatchObject({ status: "canceled", output: null });
  const kept = await trainEcho(world, { steps: 1000, step_seconds: 0.02, seed: 1 });
  await untilEvent(world, kept, "progress");
  await world.call("POST", `/v1/runs/${kept}/stop-and-keep`);
  expect(await endedTraining(world, kept)).toMatchObject({ status: "succeeded" });
});

test("a machine that slept past every lease loses no run", async () => {
  let slept = 0;
  const world = await makeWorld({}, { processes: true, now: () => Date.now() + slept });
  const id = await trainEcho(world, { steps: 60, step_seconds: 0.05 });
  await untilEvent(world, id, "progress");
  slept = 3_600_000;
  const training = await endedTraining(world, id);
  expect(training).toMatchObject({ status: "succeeded" });
  expect(training.logs).not.toContain("Trying again");
});
