/** Places in the server's code at which a crash is planted: between any two things that belong together. */

import type { Edit } from "../support/build.ts";
import { copyBuild } from "../support/build.ts";
import { ServerEnded } from "../support/server.ts";
import { check } from "./checker.ts";
import { predict, train } from "./clients.ts";
import { untilTrue, World } from "./world.ts";

/** A line of the build, and on which side of it the server dies. */
interface Place {
  file: string;
  line: string;
  die: "before" | "after";
}

/** In the order in which a run comes to them. */
export const PLACES = {
  "an upload is received, and not in its place yet": {
    file: "files/blobs.js",
    line: "await renameDurably(path, target);",
    die: "before",
  },
  "an upload is stored, and not acknowledged": {
    file: "routes/files.js",
    line: "await insertFile(db, row);",
    die: "after",
  },
  "a run is accepted, and not acknowledged": {
    file: "runs/create.js",
    line: "return inserted;\n    });",
    die: "after",
  },
  "a model process is noted, and not started": {
    file: "processes/spawn.js",
    line: "await insertProcess(context.db, { id, ...wanted, at: timestamp(context) });",
    die: "after",
  },
  "a model process is started, and its pid not noted": {
    file: "processes/spawn.js",
    line: "if (child.pid !== undefined)",
    die: "before",
  },
  "a run is claimed, and its process not told": {
    file: "processes/hand-out.js",
    line: "crew.session(decision.processId)?.send(await runCommand(context, run));",
    die: "before",
  },
  "events are committed, and not acknowledged": {
    file: "processes/session.js",
    line: 'this.send({ type: "ack", run: holder.runId, attempt: holder.attempt, seq });',
    die: "before",
  },
  "an attempt is given up, and the run not back in the queue": {
    file: "runs/finish.js",
    line: 'await endAttempt(tx, holder.runId, holder.attempt, "lost", at);',
    die: "before",
  },
  "weights are adopted, and their training not ended": {
    file: "runs/trained-version.js",
    line: "await context.blobs.adopt(path, weights.sha256);",
    die: "after",
  },
  "a training is ended, and its version not published": {
    file: "runs/finish.js",
    line: "if (ending.publication !== undefined)",
    die: "before",
  },
  "a run is ended, and its last word not acknowledged": {
    file: "processes/session.js",
    line: 'this.send({ type: "ack", run: holder.runId, attempt: holder.attempt, seq: event.seq });',
    die: "before",
  },
} as const satisfies Record<string, Place>;
export type PlaceName = keyof typeof PLACES;

/** Kills the server when it runs with this place's name in EASEL_TEST_CRASH. */
export function crash(name: string): string {
  return `if (process.env.EASEL_TEST_CRASH === "${name}") process.kill(process.pid, "SIGKILL");`;
}

/** The edit that plants a crash. */
export function crashAt(name: PlaceName): Edit {
  const { file, line, die }: Place = PLACES[name];
  return { file, find: line, replace: die === "before" ? `${crash(name)}\n${line}` : `${line}\n${crash(name)}` };
}

/**
 * The schedule: a training with `input`, another one and a prediction, on a server that crashes at one place after the
 * other and is started again each time. One model process at a time, as on a GPU: the other runs stand in the queue.
 * Gives what the checker says, how each run ended, and how many attempts were lost.
 */
export async function crashAndComeBack(edits: Edit[], places: string[], input: Record<string, unknown> = {}) {
  const world = await World.make({ cpus: 1, processesMax: 1, build: copyBuild(edits) });
  // The first start stores the example that Easel brings, which comes by some of the places too.
  await (await world.start()).stop();
  let asked: Promise<unknown> | undefined;
  for (const place of places) {
    // It may come to the place before it listens: model processes dial in earlier than clients.
    const server = await world.start({ env: { EASEL_TEST_CRASH: place } }).catch(diedAtStart);
    asked ??= askForRuns(world, input);
    const crashed = untilTrue(`a crash when ${place}`, () => server === undefined || server.hasExited());
    await Promise.race([crashed, asked.then(() => crashed)]);
  }
  await world.start();
  await asked;
  await world.untilEnded();
  const { attempts, runs } = world.facts();
  return {
    violations: check(world.data, world.history.read()),
    statuses: runs.map((run) => run.status),
    lost: attempts.filter((attempt) => attempt.outcome === "lost").length,
  };
}

/** One after the other, so that the first comes to every place first. */
async function askForRuns(world: World, input: Record<string, unknown>): Promise<void> {
  const training = { steps: 10, step_seconds: 0.02, state_every: 4 };
  await train(world, 1, { ...training, ...input });
  await train(world, 2, training);
  await predict(world, 3);
}

function diedAtStart(error: unknown): undefined {
  if (!(error instanceof ServerEnded) || error.code !== null) throw error;
}
