/**
 * Any order of calls about runs, against a pure model of what a run may be: real model processes carry them out, so the
 * model says what may be seen next and what must be seen in the end, not when.
 */
import { isTerminal, Prediction, PredictionPage, RUN_STATUS_MOVES, type RunStatus, Training } from "@easel/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { uploadArchive } from "../testing/training.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";

/** What is known of a run from outside. */
interface ModelRun {
  id: string;
  kind: "prediction" | "training";
  /** What echo was told to do. */
  fails: boolean;
  cancelAsked: boolean;
  /** Somebody asked for what it had learnt so far, maybe before the step at which it was to fail. */
  keepAsked: boolean;
  seen: RunStatus;
  logs: string;
}
interface Model {
  runs: ModelRun[];
}
interface Real extends World {
  archive: string;
}
type Shown = Prediction | Training;
type Command = fc.AsyncCommand<Model, Real>;

/** What may be seen after `from`, in any number of moves. */
function canBecome(from: RunStatus, to: RunStatus): boolean {
  const reached = new Set<RunStatus>([from]);
  for (const status of reached) for (const next of RUN_STATUS_MOVES[status]) reached.add(next);
  return reached.has(to);
}

/** Checks what is shown of a run against all that was known of it, and learns from it. */
function observe(run: ModelRun, shown: Shown): void {
  const { status } = shown;
  expect(canBecome(run.seen, status), `${run.seen} became ${status}`).toBe(true);
  // A cancel that was accepted is kept.
  if (run.cancelAsked) expect(status).not.toBe("succeeded");
  if (isTerminal(run.seen)) expect(status).toBe(run.seen);
  expect(shown.error !== null).toBe(status === "failed");
  expect(shown.completed_at != null).toBe(isTerminal(status));
  expect(shown.metrics?.total_time !== undefined).toBe(isTerminal(status));
  if (status === "succeeded") expect(shown.output).not.toBeNull();
  if (status === "processing") expect(shown.started_at).not.toBeNull();
  expect(shown.logs?.startsWith(run.logs), "the log only grows").toBe(true);
  run.seen = status;
  run.logs = shown.logs ?? "";
}

function show(real: Real, { kind, id }: ModelRun, token = real.token): Promise<Response> {
  return real.call("GET", `/v1/${kind}s/${id}`, undefined, { Authorization: `Bearer ${token}` });
}

async function look(real: Real, run: ModelRun): Promise<Shown> {
  const shown = await read(show(real, run), run.kind === "training" ? Training : Prediction);
  observe(run, shown);
  return shown;
}

class Create implements Command {
  readonly kind: ModelRun["kind"];
  readonly fails: boolean;
  readonly seconds: number;
  constructor(kind: ModelRun["kind"], fails: boolean, seconds: number) {
    this.kind = kind;
    this.fails = fails;
    this.seconds = seconds;
  }
  check = () => true;
  async run(model: Model, real: Real) {
    const reply = await (this.kind === "training" ? this.train(real) : this.predict(real));
    expect(reply.status).toBe(201);
    const shown = await read(reply, this.kind === "training" ? Training : Prediction);
    const { kind, fails } = this;
    const run: ModelRun = {
      id: shown.id,
      kind,
      fails,
      cancelAsked: false,
      keepAsked: false,
      seen: "starting",
      logs: "",
    };
    model.runs.push(run);
    observe(run, shown);
  }
  predict({ call }: Real) {
    const input = { format: "txt", delay_seconds: this.seconds, ...(this.fails ? { fail: "as told" } : {}) };
    return call("POST", "/v1/predictions", { version: ECHO.versionId, input });
  }
  train({ call, archive }: Real) {
    const input = {
      input_images: archive,
      steps: 3,
      step_seconds: this.seconds,
      ...(this.fails ? { fail_at: 2 } : {}),
    };
    const path = `/v1/models/easel/echo/versions/${ECHO.versionId}/trainings`;
    return call("POST", path, { destination: "you/toy", input });
  }
  toString = () => `create a ${this.kind}${this.fails ? " that fails" : ""}, ${this.seconds} s`;
}

/** Something done to one of the runs that there are; `pick` counts round. */
abstract class OnRun implements Command {
  readonly pick: number;
  constructor(pick: number) {
    this.pick = pick;
  }
  check = ({ runs }: Readonly<Model>) => runs.length > 0;
  async run({ runs }: Model, real: Real) {
    const run = runs[this.pick % runs.length];
    if (run !== undefined) await this.act(run, real);
  }
  abstract act(run: ModelRun, real: Real): Promise<void>;
  toString = () => `${this.constructor.name} ${this.pick}`;
}

class Look extends OnRun {
  async act(run: ModelRun, real: Real) {
    await look(real, run);
  }
}

class LookAsStranger extends OnRun {
  async act(run: ModelRun, real: Real) {
    expect((await show(real, run, real.otherToken)).status).toBe(404);
  }
}

class Cancel extends OnRun {
  async act(run: ModelRun, real: Real) {
    const before = run.seen;
    const reply = await real.call("POST", `/v1/${run.kind}s/${run.id}/cancel`);
    expect(reply.status).toBe(200);
    observe(run, await read(reply, run.kind === "training" ? Training : Prediction));
    run.cancelAsked ||= !isTerminal(before) && run.seen !== "succeeded" && run.seen !== "failed";
  }
}

class StopAndKeep extends OnRun {
  async act(run: ModelRun, real: Real) {
    const reply = await real.call("POST", `/v1/runs/${run.id}/stop-and-keep`);
    if (run.kind === "prediction") expect(reply.status).toBe(422);
    else if (reply.status === 200) {
      run.keepAsked = true;
      observe(run, await read(reply, Training));
    }
    // It had not begun, as far as anyone could see from outside.
    else expect([reply.status, canBecome(run.seen, "starting")]).toEqual([422, true]);
  }
}

class Await extends OnRun {
  async act(run: ModelRun, real: Real) {
    await settle(real, run);
  }
}

class List implements Command {
  check = () => true;
  async run({ runs }: Model, { call }: Real) {
    const { results } = await read(call("GET", "/v1/predictions"), PredictionPage);
    const mine = runs.filter(({ kind }) => kind === "prediction");
    const listed = results.filter(({ id }) => mine.some((run) => run.id === id));
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(mine.map(({ id }) => id)));
    for (const run of mine) {
      const shown = listed.find(({ id }) => id === run.id);
      if (shown !== undefined) observe(run, shown);
    }
  }
  toString = () => "List";
}

/** Waits for the run's end and checks it: it is the one that echo was told to bring about, unless somebody canceled it. */
async function settle(real: Real, run: ModelRun): Promise<void> {
  await (await real.call("GET", `/v1/runs/${run.id}/events`)).text();
  const { status } = await look(real, run);
  expect(isTerminal(status)).toBe(true);
  const ends = run.fails ? (run.keepAsked ? ["failed", "succeeded"] : ["failed"]) : ["succeeded"];
  expect([...ends, ...(run.cancelAsked ? ["canceled"] : [])]).toContain(status);
}

const pick = fc.nat(9);
const seconds = fc.constantFrom(0, 0, 0.03, 0.1);
const COMMANDS = [
  fc.tuple(fc.boolean(), seconds).map(([fails, wait]) => new Create("prediction", fails, wait)),
  fc.tuple(fc.boolean(), seconds).map(([fails, wait]) => new Create("training", fails, wait)),
  pick.map((one) => new Look(one)),
  pick.map((one) => new LookAsStranger(one)),
  pick.map((one) => new Cancel(one)),
  pick.map((one) => new StopAndKeep(one)),
  pick.map((one) => new Await(one)),
  fc.constant(new List()),
];

test("whatever is asked in whatever order, a run is only what it may be, and ends as it must", async () => {
  const world = await makeWorld({}, { processes: true });
  await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const real = { ...world, archive: await uploadArchive(world) };
  const ended = new Set<RunStatus>();
  await fc.assert(
    fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 15 }), async (commands) => {
      const model: Model = { runs: [] };
      await fc.asyncModelRun(() => ({ model, real }), commands);
      for (const run of model.runs) {
        await settle(real, run);
        ended.add(run.seen);
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
  expect([...ended].sort()).toEqual(["canceled", "failed", "succeeded"]);
}, 120_000);
