/**
 * `kill -9` of the server, of a model process, or of both, at a random moment between the first request and after the
 * last publish: thirty times, by ten seeds. `EASEL_SEED=n` repeats one of them.
 */
import { expect, test } from "vitest";
import { fsck } from "../support/fsck.ts";
import { check } from "./checker.ts";
import { cancel, predict, train } from "./clients.ts";
import { type Facts, isEnded, journalLines } from "./facts.ts";
import { type Random, randomOf } from "./random.ts";
import { killNow, pause, untilTrue, World } from "./world.ts";

const KILLS_PER_SEED = 3;
const RUNS_OF_A_ROUND = 3;
/** About as many as its runs write when nobody disturbs them. */
const EVENTS_OF_A_ROUND = 130;
const seeds = process.env.EASEL_SEED ? [Number(process.env.EASEL_SEED)] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

test.each(seeds)("seed %i: whatever is killed, every run comes to one end and its log is whole", async (seed) => {
  const random = randomOf(seed);
  const world = await World.make();
  await world.start();
  for (let round = 1; round <= KILLS_PER_SEED; round++) {
    const label = seed * 1000 + round * 100;
    const [hit] = await Promise.all([strike(world, random), makeRuns(world, random, label)]);
    await world.untilEnded();
    console.log(`seed ${seed}, kill ${round}: ${hit.words}`);
    expect(check(world.data, world.history.read())).toEqual([]);
    expect(fsck(world.data)).toEqual([]);
    if (hit.victim === "server") expect(lostSince(world.facts(), label)).toEqual([]);
  }
});

/** Two trainings and a prediction, each by a client of its own, and one of them is canceled sooner or later. */
async function makeRuns(world: World, random: Random, label: number): Promise<void> {
  const training = { steps: 20, step_seconds: 0.02, sample_every: 10, state_every: 5 };
  const drawing = { repeat: 2, delay_seconds: 0.1 };
  const canceled = random.between(1, 3);
  const cancelAfter = random.between(0, 1000);
  const made = [
    train(world, label + 1, training),
    train(world, label + 2, training),
    predict(world, label + 3, drawing),
  ];
  const cancelOne = async (id: string) => {
    await pause(cancelAfter);
    await cancel(world, canceled === 3 ? "prediction" : "training", id);
  };
  await Promise.all(made.map((run, index) => (index + 1 === canceled ? run.then(cancelOne) : run)));
}

interface Hit {
  victim: "server" | "process" | "both";
  words: string;
}

/** Waits for the moment, kills, and has a server running again. */
async function strike(world: World, random: Random): Promise<Hit> {
  const wanted: Hit["victim"] = random.pick(["server", "server", "process", "both"]);
  const early = random.next() < 0.3;
  const events = early ? 0 : random.between(1, EVENTS_OF_A_ROUND);
  const milliseconds = random.between(0, early ? 1000 : 40);
  const choice = random.next();
  const before = world.facts().runs.map((run) => run.id);
  await untilTrue(
    "the moment",
    () => countEvents(world, before) >= events || (events > 0 && haveAllEnded(world, before)),
  );
  await pause(milliseconds);
  world.noteEnds();
  const written = countEvents(world, before);
  const runs = world.facts().runs.filter((run) => !before.includes(run.id));
  const processes = world.processes();
  const process = wanted === "server" ? undefined : processes[Math.floor(choice * processes.length)];
  // Where no process stands yet, there is only the server to kill.
  const victim = process === undefined ? "server" : wanted;
  if (victim !== "process" && choice < 0.5) await world.server.stop("SIGKILL");
  if (process !== undefined) await killNow(process.pid);
  if (victim !== "process" && choice >= 0.5) await world.server.stop("SIGKILL");
  if (victim !== "process") await world.start();
  const statuses = runs.map((run) => run.status).join(" ") || "no run yet";
  return { victim, words: `${victim}, when ${written} events were written (${statuses})` };
}

/** Events in the journals of this round's runs: how far the model processes have come, whether or not a server has heard of it. */
function countEvents(world: World, before: string[]): number {
  const attempts = world.facts().attempts.filter((attempt) => !before.includes(attempt.run_id));
  return attempts.reduce((sum, attempt) => sum + journalLines(world.data, attempt).length, 0);
}

function haveAllEnded(world: World, before: string[]): boolean {
  const runs = world.facts().runs.filter((run) => !before.includes(run.id));
  return runs.length === RUNS_OF_A_ROUND && runs.every(isEnded);
}

/** Only the server died: then no run may have been taken from the process that had it. */
function lostSince({ runs, attempts }: Facts, label: number): string[] {
  const own = runs.filter((run) => Number(JSON.parse(run.input).seed) >= label).map((run) => run.id);
  const lost = attempts.filter((attempt) => attempt.outcome === "lost" && own.includes(attempt.run_id));
  return lost.map((attempt) => attempt.run_id);
}
