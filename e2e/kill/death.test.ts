/** The death of a model process, and what it must not do: go unnoticed, take the server along, or be held against a run that waits. */
import { expect, test } from "vitest";
import { copyBuild } from "../support/build.ts";
import { check } from "./checker.ts";
import { cancel, predict, train } from "./clients.ts";
import type { Facts } from "./facts.ts";
import { crashAt } from "./places.ts";
import { kill, killNow, type ModelProcess, World } from "./world.ts";

const SLOW = { steps: 500, step_seconds: 0.03, state_every: 5 };
/** The bar is 2 s; the rest is for a machine that has other things to do. */
const NOTICED_MS_MAX = 2000 + 8000;

test.each(["that the server has started", "that another server had started"])(
  "the death of a process %s is noticed",
  async (whose) => {
    const world = await World.make();
    await world.start();
    const id = await train(world, 1, SLOW);
    const process = await busyProcess(world);
    if (whose === "that another server had started") {
      await world.server.stop("SIGKILL");
      await world.start();
      const before = world.facts().events.length;
      await world.until("the process has come back", ({ events }) => events.length > before);
    }
    const killedAt = Date.now();
    await killNow(process.pid);
    await world.until("the death is noticed", ({ attempts }) => attempts[0]?.outcome === "lost");
    const noticedMs = Date.parse(world.facts().attempts[0]?.ended_at ?? "") - killedAt;
    console.log(`the death of a process ${whose} was noticed after ${noticedMs} ms`);
    expect(noticedMs).toBeLessThan(NOTICED_MS_MAX);
    await cancel(world, "training", id);
    await world.untilEnded();
    // Only its parent learns which signal ended it.
    const said = whose.includes("another") ? "The model process died." : "The model process was killed (SIGKILL)";
    expect((await world.server.client.trainings.get(id)).logs).toContain(said);
    expect(check(world.data, world.history.read())).toEqual([]);
  },
);

test("a process that dies with words of the server unread does not take the server along", async () => {
  const world = await World.make();
  await world.start();
  const id = await train(world, 1, SLOW);
  const process = await busyProcess(world);
  kill(process.pid, "SIGSTOP");
  await cancel(world, "training", id);
  const unread = world.facts().events.length;
  await world.until("the server has said something", (facts) => hasAsked(facts) && facts.events.length >= unread);
  await new Promise((resolve) => setTimeout(resolve, 1500)); // a tick of the supervisor, which says it again
  await killNow(process.pid);
  await world.untilEnded();
  expect(world.facts().runs.map((run) => run.status)).toEqual(["canceled"]);
  expect(check(world.data, world.history.read())).toEqual([]);
});

test("an idle process that died along with the server says nothing about the run that waits", async () => {
  const world = await World.make();
  await world.start();
  await predict(world, 1);
  await world.untilEnded();
  await world.server.stop("SIGKILL");
  const place = "a run is accepted, and not acknowledged";
  const { exited } = await world.start({ build: copyBuild([crashAt(place)]), env: { EASEL_TEST_CRASH: place } });
  const waiting = predict(world, 2);
  await exited;
  for (const { pid } of world.processes()) await killNow(pid);
  await world.start();
  await waiting;
  await world.untilEnded();
  expect(world.facts().runs.map((run) => run.status)).toEqual(["succeeded", "succeeded"]);
});

async function busyProcess(world: World): Promise<ModelProcess> {
  await world.until(
    "the run is on its way",
    ({ events }) => events.filter((event) => event.type === "progress").length > 5,
  );
  const id = world.facts().attempts[0]?.process_id;
  const process = world.processes().find((one) => one.id === id);
  if (process === undefined) throw new Error("The process of the first attempt is not there.");
  return process;
}

function hasAsked({ runs }: Facts): boolean {
  return runs[0]?.cancel_asked_at != null;
}
