/** A model process that is stopped past its lease and wakes up when another one has its run. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { copyBuild, type Edit } from "../support/build.ts";
import { check } from "./checker.ts";
import { train } from "./clients.ts";
import { attemptFolder, type Facts } from "./facts.ts";
import { kill, untilTrue, World } from "./world.ts";

/** Above the 3 s between a runner's signs of life; no killing by the server, so that the zombie has to go by itself. */
const PATIENCE = { leaseSeconds: 4, killGraceSeconds: 120 };

/**
 * The schedule: SIGSTOP in the middle of a training, until a second attempt runs; SIGCONT; until the run has ended. The
 * training ignores SIGTERM, or the zombie would be dead before it could write.
 */
export async function wakeZombie(edits: Edit[] = []) {
  const world = await World.make({ ...PATIENCE, ...(edits.length > 0 ? { build: copyBuild(edits) } : {}) });
  await world.start();
  const input = { steps: 90, step_seconds: 0.03, state_every: 10, sample_every: 5, ignore_sigterm: true };
  const id = await train(world, 1, input);
  await world.until("the first attempt has come some way", (facts) => countEvents(facts, 1) > 40);
  const zombie = world.processes().find((one) => one.id === world.facts().attempts[0]?.process_id);
  if (zombie === undefined) throw new Error("The process of the first attempt is not there.");
  kill(zombie.pid, "SIGSTOP");
  await world.until("a second attempt runs", (facts) => countEvents(facts, 2) > 10);
  const before = countEvents(world.facts(), 1);
  const wokenAt = Date.now();
  kill(zombie.pid, "SIGCONT");
  await untilTrue("the zombie's end", () => !world.processes().some((one) => one.pid === zombie.pid));
  const goneSeconds = (Date.now() - wokenAt) / 1000;
  await world.untilEnded();
  const facts = world.facts();
  return {
    world,
    id,
    goneSeconds,
    /** What the zombie still wrote into its own folder; nobody may ever name it. */
    // It had stood still for seconds; a file's time is the kernel's last tick, so it may lie a little before the clock's.
    wroteAfter: filesSince(attemptFolder(world.data, { run_id: id, number: 1 }), wokenAt - 1000),
    committedAfter: countEvents(facts, 1) - before,
    attempts: facts.attempts.map((attempt) => attempt.outcome),
    violations: check(world.data, world.history.read()),
  };
}

function countEvents({ events }: Facts, attempt: number): number {
  return events.filter((event) => event.attempt === attempt).length;
}

function filesSince(folder: string, since: number): string[] {
  return readdirSync(folder).filter((name) => statSync(join(folder, name)).mtimeMs > since);
}
