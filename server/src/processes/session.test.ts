/** When a process's events are committed: many at once, but the last word of a run as soon as it is said. */
import { Prediction } from "@easel/contract";
import { expect, onTestFinished, test, vi } from "vitest";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho } from "../testing/training.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";

function predict(world: World, text: string): Promise<Prediction> {
  const body = { version: ECHO.versionId, input: { text, format: "txt" } };
  return read(world.call("POST", "/v1/predictions", body, { Prefer: "wait" }), Prediction);
}

/** A world with a process that is up, in which no timer of the server goes off any more. */
async function makeTimelessWorld(): Promise<World> {
  const world = await makeWorld({}, { processes: true });
  await predict(world, "warm");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], shouldClearNativeTimers: true });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return world;
}

/** How often somebody who watches the run was told of something so far: once a commit. */
function countCommits({ context }: World, runId: string): () => number {
  let count = 0;
  const watch = async () => {
    for (;;) {
      await context.watch.next(runId, 60_000, context.stopping);
      if (context.stopping.aborted) return;
      count += 1;
    }
  };
  void watch();
  return () => count;
}

test("a prediction on a warm process waits for no timer of the server", async () => {
  const world = await makeTimelessWorld();
  for (const text of ["one", "two"]) {
    expect(await predict(world, text)).toMatchObject({ status: "succeeded", logs: `echo: ${text}\n` });
  }
});

test("the end of a run waits for no timer, while all that went before it waits to be committed together", async () => {
  const world = await makeTimelessWorld();
  const id = await trainEcho(world, { steps: 1000 });
  const commits = countCommits(world, id);
  const training = await endedTraining(world, id);
  expect(training).toMatchObject({ status: "succeeded" });
  const events = await (await world.call("GET", `/v1/runs/${id}/events`)).text();
  expect(events.match(/^event: (progress|metric)$/gm)).toHaveLength(2000);
  // That it was claimed, its first words, all else, and its end.
  expect(commits()).toBeLessThanOrEqual(4);
});
