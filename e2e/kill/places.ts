/** Places in the server's code at which a crash is planted: before and after everything that a crash could tear apart. */

import type { Edit } from "../support/build.ts";
import { copyBuild } from "../support/build.ts";
import { check } from "./checker.ts";
import { predict, train } from "./clients.ts";
import { World } from "./world.ts";

/** A line of the build, and on which side of it the server dies. */
interface Place {
  file: string;
  line: string;
  die: "before" | "after";
}

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
    line: 'context.watch.poke("queue");\n    return row;',
    die: "before",
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
    file: "processes/supervise.js",
    line: "this.#sessions.get(processId)?.send(await runCommand(this.#context, run));",
    die: "before",
  },
  "events are committed, and not acknowledged": {
    file: "processes/session.js",
    line: 'this.send({ type: "ack", run: holder.runId, attempt: holder.attempt, seq });',
    die: "before",
  },
  "weights are adopted, and their training not ended": {
    file: "runs/publish.js",
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
  "an attempt is given up, and the run not back in the queue": {
    file: "runs/finish.js",
    line: 'await endAttempt(tx, holder.runId, holder.attempt, "lost", at);',
    die: "before",
  },
} as const satisfies Record<string, Place>;
export type PlaceName = keyof typeof PLACES;

export const CRASH = 'process.kill(process.pid, "SIGKILL");';

/** The edit that plants a crash, for a server that runs with `EASEL_TEST_CRASH=1`. */
export function crashAt(name: PlaceName): Edit {
  const { file, line, die }: Place = PLACES[name];
  const crash = `if (process.env.EASEL_TEST_CRASH) ${CRASH}`;
  return { file, find: line, replace: die === "before" ? `${crash}\n${line}` : `${line}\n${crash}` };
}

/**
 * The schedule: three runs on a build with `edits`, which has to crash somewhere, and the same build again until all have
 * ended. One model process at a time, as on a GPU: the
 * others stand in the queue. Gives what the checker says, and what was lost.
 */
export async function crashAndComeBack(edits: Edit[], input: Record<string, unknown> = {}) {
  const world = await World.make({ cpus: 1, processesMax: 1, build: copyBuild(edits) });
  const { exited } = await world.start({ env: { EASEL_TEST_CRASH: "1" } });
  const training = { steps: 10, step_seconds: 0.02, state_every: 4 };
  const runs = Promise.all([train(world, 1, { ...training, ...input }), train(world, 2, training), predict(world, 3)]);
  await exited;
  await world.start();
  await runs;
  await world.untilEnded();
  const { attempts } = world.facts();
  return {
    violations: check(world.data, world.history.read()),
    lost: attempts.filter((attempt) => attempt.outcome === "lost").length,
    statuses: world.facts().runs.map((run) => run.status),
  };
}
