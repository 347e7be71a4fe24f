/** What is said, and what is done, when a model process is lost: a code, figures, and a next step. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { listAttempts } from "../runs/attempts.ts";
import { findRun } from "../runs/store.ts";
import { endedTraining, trainEcho, untilEvent } from "../testing/training.ts";
import { makeWorld } from "../testing/world.ts";
import { causeOfDeath } from "./cause.ts";
import { isAlive } from "./identity.ts";
import { PROCESS_MARK } from "./orphans.ts";
import { findLivingProcess, listLivingProcesses } from "./store.ts";

test("a training that hangs is ended with its stacks in the log, and goes on in another process", async () => {
  const world = await makeWorld({}, { processes: true, config: { hangSeconds: 1 } });
  const id = await trainEcho(world, { steps: 6, state_every: 2, hang_at: 4 });
  const training = await endedTraining(world, id);
  expect(training).toMatchObject({ status: "succeeded" });
  expect(training.logs).toContain("The training has taken no turn for");
  expect(training.logs).toContain("in _go_wrong");
  expect(training.logs).toContain("Trying again.");
  expect(training.logs).toContain("echo: resuming after step 2");
});

test("one that hangs again without getting further is failed as a hang", async () => {
  const world = await makeWorld({}, { processes: true, config: { hangSeconds: 1 } });
  const id = await trainEcho(world, { steps: 6, hang_at: 2 });
  expect((await endedTraining(world, id)).error).toMatch(/no turn for \d+ seconds.*Two tries in a row/);
  expect((await findRun(world.context.db, id))?.error_code).toBe("hang");
});

test("a process that goes silent is asked where it stands before it is ended", async () => {
  const world = await makeWorld({}, { processes: true, config: { leaseSeconds: 4, killGraceSeconds: 1 } });
  const id = await trainEcho(world, { steps: 30, step_seconds: 0.05, freeze_at: 20, state_every: 5 });
  const training = await endedTraining(world, id);
  expect(training.logs).toContain("The model process has been silent for 4 seconds.");
  expect(training.logs).toContain("in _hold_everything");
  expect(training.logs).toContain("echo: resuming after step 15");
  expect(training.status).toBe("succeeded");
});

test("one that the system kills says so with figures, and leaves nothing behind", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, { steps: 60, step_seconds: 0.05, leave_at: 2, exit_at: 50 });
  await untilEvent(world, id, "progress");
  const [process] = await listLivingProcesses(world.context.db);
  if (process === undefined) throw new Error("no process");
  // Its first attempt has no state, nor has its second: it dies twice at the same step.
  const training = await endedTraining(world, id);
  expect(training.error).toMatch(
    /killed \(SIGKILL\).* had taken up to \d+MB.* this machine has .*GB.*Lower train_batch/i,
  );
  expect((await findRun(world.context.db, id))?.error_code).toBe("host_out_of_memory");
  expect(await listAttempts(world.context.db, id)).toHaveLength(2);
  expect(bearersOf(process.id)).toEqual([]);
});

test("a process that ends idle takes along what it has started", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, { steps: 3, leave_at: 1 });
  await endedTraining(world, id);
  const [process] = await listLivingProcesses(world.context.db);
  if (process?.pid == null) throw new Error("no process");
  expect(bearersOf(process.id)).toHaveLength(2);
  globalThis.process.kill(process.pid, "SIGTERM");
  while ((await findLivingProcess(world.context.db, process.id)) !== undefined) await untilTick();
  expect(isAlive(process)).toBe(false);
  expect(bearersOf(process.id)).toEqual([]);
});

test("a journal that the disk did not take is told from other deaths", () => {
  const words = "\nIts last words:\nOSError: [Errno 28] No space left on device";
  const death = { signal: null, expected: false, memoryBytes: undefined, words };
  expect(causeOfDeath(death)).toMatchObject({ code: "disk_full", reason: expect.stringContaining("Free some space") });
  expect(causeOfDeath({ ...death, words: "" })).toMatchObject({ code: "attempt_lost" });
  expect(causeOfDeath({ ...death, signal: "SIGKILL", expected: true, words: "" }).code).toBe("attempt_lost");
});

/** The processes with a model process's mark in their environment. */
function bearersOf(processId: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`${PROCESS_MARK}=${processId}`);
    } catch {
      return false;
    }
  });
}

function untilTick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
