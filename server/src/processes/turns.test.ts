/** Predictions beside a training on the same device: its own process answers them between its steps. */
import { Prediction, Problem, Training } from "@easel/contract";
import { expect, test } from "vitest";
import { listAttempts } from "../runs/attempts.ts";
import { listEventsOfTypes } from "../runs/events.ts";
import { findRun } from "../runs/store.ts";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho, untilEvent } from "../testing/training.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";
import { listLivingProcesses } from "./store.ts";

/** A GPU has room for one process, and this is how it goes there. */
const ONE_PROCESS = [{ name: "cpu", kind: "cpu", label: "CPU", memoryBytes: 8e9, processesMax: 1 } as const];
const SLOW = { steps: 150, step_seconds: 0.02 };

async function predict(world: World, input: Record<string, unknown>, wait?: number): Promise<Prediction> {
  const body = { version: ECHO.versionId, input: { format: "txt", ...input } };
  const headers: Record<string, string> = wait === undefined ? {} : { Prefer: `wait=${wait}` };
  return read(world.call("POST", "/v1/predictions", body, headers), Prediction);
}

async function weightsOf(world: World, training: Awaited<ReturnType<typeof endedTraining>>): Promise<Buffer> {
  return Buffer.from(await (await world.app.request(training.output?.weights ?? "")).arrayBuffer());
}

test("predictions are answered by the process that trains, and the training comes out the same", async () => {
  const world = await makeWorld({}, { processes: true, devices: ONE_PROCESS });
  const undisturbed = await endedTraining(world, await trainEcho(world, { ...SLOW, step_seconds: 0 }));
  const id = await trainEcho(world, SLOW);
  await untilEvent(world, id, "progress");
  const [first, second, bad] = await Promise.all([
    predict(world, { text: "one" }, 20),
    predict(world, { text: "two", delay_seconds: 0.2 }, 20),
    predict(world, { fail: "no three" }, 20),
  ]);
  expect((await findRun(world.context.db, id))?.status).toBe("processing");
  expect(first).toMatchObject({ status: "succeeded", logs: "echo: one\n" });
  expect(second).toMatchObject({ status: "succeeded", logs: "echo: two\n" });
  expect(bad).toMatchObject({
    status: "failed",
    error: expect.stringMatching(/^The model failed with ValueError: no three\. Read/),
  });
  const training = await endedTraining(world, id);
  expect(training.status).toBe("succeeded");
  expect(training.logs).not.toContain("echo: one");
  const holders = await Promise.all([id, first.id, second.id].map((run) => listAttempts(world.context.db, run)));
  expect(new Set(holders.flat().map((attempt) => attempt.process_id)).size).toBe(1);
  expect((await weightsOf(world, training)).equals(await weightsOf(world, undisturbed))).toBe(true);
});

test("a prediction beside a training is canceled at its next turn, and one that waits there at once", async () => {
  const world = await makeWorld({}, { processes: true, devices: ONE_PROCESS });
  const id = await trainEcho(world, SLOW);
  await untilEvent(world, id, "progress");
  const drawing = await predict(world, { delay_seconds: 600 });
  await untilEvent(world, drawing.id, "stage");
  const waiting = await predict(world, { delay_seconds: 500 });
  for (const { id: one } of [waiting, drawing]) {
    await world.call("POST", `/v1/predictions/${one}/cancel`);
    await (await world.call("GET", `/v1/runs/${one}/events`)).text();
    expect(await read(world.call("GET", `/v1/predictions/${one}`), Prediction)).toMatchObject({ status: "canceled" });
  }
  expect(await endedTraining(world, id)).toMatchObject({ status: "succeeded" });
  expect(await listAttempts(world.context.db, id)).toHaveLength(1);
});

test("a training that makes no room is not disturbed, and the prediction waits where there is no other place", async () => {
  const world = await makeWorld({}, { processes: true, devices: ONE_PROCESS });
  const id = await trainEcho(world, { ...SLOW, makes_room: false });
  await untilEvent(world, id, "progress");
  const prediction = await predict(world, {}, 1);
  expect(prediction.status).toBe("starting");
  expect(await endedTraining(world, id)).toMatchObject({ status: "succeeded" });
  await (await world.call("GET", `/v1/runs/${prediction.id}/events`)).text();
  expect((await findRun(world.context.db, prediction.id))?.status).toBe("succeeded");
});

test("a prediction that takes the process along costs the training no more than its way back to the last state", async () => {
  const world = await makeWorld({}, { processes: true, devices: ONE_PROCESS });
  const id = await trainEcho(world, { ...SLOW, state_every: 10 });
  await untilEvent(world, id, "state");
  const deadly = await predict(world, { exit: true });
  const training = await endedTraining(world, id);
  expect(training).toMatchObject({ status: "succeeded" });
  expect(training.logs).toContain("echo: resuming after step");
  await (await world.call("GET", `/v1/runs/${deadly.id}/events`)).text();
  expect((await findRun(world.context.db, deadly.id))?.status).toBe("failed");
  const [lost, second] = await listAttempts(world.context.db, id);
  const tries = await listAttempts(world.context.db, deadly.id);
  // Its second try was not made in the training's company.
  expect(tries.map((attempt) => attempt.process_id)[0]).toBe(lost?.process_id);
  expect(Date.parse(tries[1]?.started_at ?? "")).toBeGreaterThanOrEqual(Date.parse(second?.ended_at ?? ""));
});

test("predictions that wait for one version are answered together", async () => {
  const world = await makeWorld({}, { processes: true, devices: ONE_PROCESS });
  const first = await predict(world, { delay_seconds: 0.6 });
  await untilEvent(world, first.id, "stage");
  const rest = await Promise.all(
    [1, 2, 3].map((number) => predict(world, { text: `${number}`, delay_seconds: 0.5 }, 30)),
  );
  expect(rest.map(({ status, logs }) => [status, logs])).toEqual([1, 2, 3].map((n) => ["succeeded", `echo: ${n}\n`]));
  const begun = await Promise.all(
    rest.map(async ({ id }) => (await listEventsOfTypes(world.context.db, id, ["stage"])).at(-1)),
  );
  const ended = await Promise.all(rest.map(({ id }) => findRun(world.context.db, id)));
  const lastBegun = begun
    .map((event) => event?.at ?? "")
    .sort()
    .at(-1);
  expect(ended.every((run) => (run?.completed_at ?? "") > (lastBegun ?? ""))).toBe(true);
  expect(await listLivingProcesses(world.context.db)).toHaveLength(1);
});

test("a training state is written when it is asked for, and a lost attempt goes on from it", async () => {
  const world = await makeWorld({}, { processes: true, devices: ONE_PROCESS });
  const id = await trainEcho(world, { steps: 60, step_seconds: 0.02, exit_at: 50 });
  await untilEvent(world, id, "progress");
  const asked = await read(world.call("POST", `/v1/runs/${id}/save-state`), Training);
  expect(asked).toMatchObject({ id, status: "processing" });
  const training = await endedTraining(world, id);
  expect(training.status).toBe("succeeded");
  const [lost] = await listAttempts(world.context.db, id);
  expect(lost?.state_step).toBeGreaterThan(0);
  expect(training.logs).toContain(`echo: resuming after step ${lost?.state_step}`);
  expect(await listEventsOfTypes(world.context.db, id, ["state"])).toHaveLength(1);
  const prediction = await predict(world, {}, 10);
  const refused = await world.call("POST", `/v1/runs/${prediction.id}/save-state`);
  expect((await read(refused, Problem)).detail).toBe(
    "Only a training can be asked for a training state. Cancel a prediction instead.",
  );
});
