/**
 * Keeps runs and model processes together: hands out work, notices the dead and the silent, presses the slow to obey.
 * What is true stands in the database; here is only who is connected and who is on the way out.
 */
import type { Server } from "node:net";
import type { Hello } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import type { Builtin } from "../models/builtin.ts";
import { hasLastWord } from "../runs/attempts.ts";
import { assignRun, runCommand } from "../runs/claim.ts";
import { findLastSeq } from "../runs/events.ts";
import { failWaitingRun, loseAttempt } from "../runs/finish.ts";
import { leaseFromNow } from "../runs/report.ts";
import {
  type Holder,
  listProcessingRuns,
  listWaitingRuns,
  type RunRow,
  renewEveryLease,
  renewLeases,
} from "../runs/store.ts";
import type { Device } from "./devices.ts";
import { birthOf, isAlive, signalGroup } from "./identity.ts";
import { lastWords } from "./last-words.ts";
import { listen, socketPathFor } from "./listen.ts";
import { type Decision, place, type StandingProcess } from "./place.ts";
import { salvage } from "./salvage.ts";
import { Session } from "./session.ts";
import { startProcess } from "./spawn.ts";
import { endProcess, findLivingProcess, listLivingProcesses, type ProcessRow, updateProcessIdentity } from "./store.ts";

const TICK_MS = 1000;
/** Ticks further apart than this: the machine slept, or its clock was set. Nobody could have renewed a lease meanwhile. */
const PAUSE_MS = 5000;
/** Importing torch and a base takes seconds; a process that says nothing for this long never will. */
const HELLO_MS_MAX = 300_000;

export class Supervisor {
  readonly #context: Context;
  readonly #builtins: Builtin[];
  readonly #devices: Device[];
  readonly #socketPath: string;
  readonly #sessions = new Map<string, Session>();
  readonly #idleSince = new Map<string, number>();
  /** Processes that were told to end, and since when. */
  readonly #leaving = new Map<string, number>();
  readonly #greeted = new Set<string>();
  readonly #stopped = new AbortController();
  /** When we began to listen: what was started before has had no earlier chance to dial in. */
  #startedAt = 0;
  #tickedAt = 0;
  #server: Server | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(context: Context, options: { builtins: Builtin[]; devices: Device[] }) {
    this.#context = context;
    this.#builtins = options.builtins;
    this.#devices = options.devices;
    this.#socketPath = socketPathFor(context.config.dataFolder);
  }

  /** Renews every lease once, so that processes which went on without us can come back, then listens and hands out work. */
  async start(): Promise<void> {
    this.#startedAt = this.#context.now();
    await renewEveryLease(this.#context.db, leaseFromNow(this.#context));
    this.#server = await listen(this.#socketPath, (socket) => {
      new Session(this.#context, socket, {
        hello: (session, hello) => this.#greet(session, hello),
        alive: (processId) => this.#renew(processId),
        freed: (processId) => this.#free(processId),
        refused: (processId) => this.#letGo(processId),
        closed: (session) => this.#forget(session),
      });
    });
    this.#loop = this.#run();
  }

  /** Stops handing out work and lets idle processes go. Returns the ids of runs that go on without a server. */
  async stop(): Promise<string[]> {
    this.#stopped.abort();
    await this.#loop;
    const held = await listProcessingRuns(this.#context.db);
    const busy = new Set(held.map((run) => run.process_id));
    for (const [id, session] of this.#sessions) if (!busy.has(id)) session.send({ type: "shutdown" });
    for (const session of this.#sessions.values()) session.close();
    await new Promise<void>((resolve) =>
      this.#server === undefined ? resolve() : this.#server.close(() => resolve()),
    );
    return held.map((run) => run.id);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const poked = this.#context.watch.next("queue", TICK_MS, signal);
      try {
        await this.#reconcile();
      } catch (error) {
        this.#context.log.error({ error }, "runs and processes could not be reconciled");
      }
      await poked;
    }
  }

  async #reconcile(): Promise<void> {
    const { db } = this.#context;
    const now = this.#context.now();
    if (now - this.#tickedAt > PAUSE_MS) await renewEveryLease(db, leaseFromNow(this.#context));
    this.#tickedAt = now;
    for (const process of await listLivingProcesses(db)) {
      if (!this.#isStanding(process)) await this.#bury(process);
    }
    const processes = new Map((await listLivingProcesses(db)).map((process) => [process.id, process]));
    for (const run of await listProcessingRuns(db)) await this.#keepInTime(run, processes.get(run.process_id ?? ""));
    for (const [id, since] of this.#leaving) this.#press(processes.get(id), since);
    await this.#handOut([...processes.values()]);
  }

  /**
   * A process that has not dialled in yet is given time, from our own start on if it is older. One whose start an earlier
   * server could not note is not waited for: if it lives and dials in, it is told to end.
   */
  #isStanding(process: ProcessRow): boolean {
    if (process.pid === null) return this.#isOurs(process);
    const waited = this.#context.now() - Math.max(Date.parse(process.started_at), this.#startedAt);
    if (!this.#greeted.has(process.id) && waited > HELLO_MS_MAX) signalGroup(process, "SIGKILL");
    return isAlive(process);
  }

  /** Started by this server, not by one before it. */
  #isOurs(process: ProcessRow): boolean {
    return Date.parse(process.started_at) >= this.#startedAt;
  }

  /** The process is gone. Its runs are read to their end, and only then given up. */
  async #bury(process: ProcessRow): Promise<void> {
    const { db } = this.#context;
    this.#sessions.get(process.id)?.close();
    const words = lastWords(this.#context.config, process.id);
    const held = (await listProcessingRuns(db)).filter((run) => run.process_id === process.id);
    for (const run of held) await this.#giveUp(run, `The model process died.${words}`);
    await endProcess(db, process.id, timestamp(this.#context));
    // One of an earlier server may have come and gone before we were there: its death says nothing about the next.
    const neverCame = !this.#greeted.delete(process.id) && this.#isOurs(process);
    this.#leaving.delete(process.id);
    this.#idleSince.delete(process.id);
    if (neverCame && held.length === 0) await this.#failFor(process, words);
    this.#context.watch.poke("queue");
  }

  /** It died before it could take work: whoever waits for its base would wait for ever. */
  async #failFor(process: ProcessRow, words: string): Promise<void> {
    const waiting = await listWaitingRuns(this.#context.db);
    const run = waiting.find((candidate) => candidate.program === process.program && candidate.base === process.base);
    if (run === undefined) return;
    const error = `The model process could not start. Run "easel doctor" to see what is missing.${words}`;
    await failWaitingRun(this.#context, run.id, { error, error_code: "process_start" });
  }

  /** Silent past its lease, or deaf to a wish to cancel. */
  async #keepInTime(run: RunRow, process: ProcessRow | undefined): Promise<void> {
    const now = this.#context.now();
    if (process === undefined || now > (run.lease_ends_at ?? 0)) {
      await this.#giveUp(run, `The model process has been silent for ${this.#context.config.leaseSeconds} seconds.`);
      if (process !== undefined) this.#condemn(process);
      return;
    }
    if (run.keep_asked_at !== null)
      this.#sessions.get(process.id)?.send({ type: "stop-and-keep", run: run.id, attempt: run.attempt });
    if (run.cancel_asked_at === null) return;
    this.#sessions.get(process.id)?.send({ type: "cancel", run: run.id, attempt: run.attempt });
    if (now - Date.parse(run.cancel_asked_at) > this.#context.config.killGraceSeconds * 1000) this.#condemn(process);
  }

  /** SIGTERM now; SIGKILL when the time of grace is over. */
  #condemn(process: ProcessRow): void {
    if (this.#leaving.has(process.id)) return;
    this.#leaving.set(process.id, this.#context.now());
    signalGroup(process, "SIGTERM");
  }

  #press(process: ProcessRow | undefined, since: number): void {
    if (process === undefined) return;
    if (this.#context.now() - since > this.#context.config.killGraceSeconds * 1000) signalGroup(process, "SIGKILL");
  }

  async #giveUp(run: RunRow, reason: string): Promise<void> {
    if (run.process_id === null) return;
    const holder: Holder = { runId: run.id, attempt: run.attempt, processId: run.process_id };
    // A journal that cannot be read must not keep every other run from being looked after.
    const ended = await salvage(this.#context, holder).catch((error) => {
      this.#context.log.error({ error, run: run.id }, "the journal of a lost attempt could not be read to its end");
      return false;
    });
    if (!ended) await loseAttempt(this.#context, holder, reason);
  }

  async #handOut(processes: ProcessRow[]): Promise<void> {
    const { db } = this.#context;
    const waiting = (await listWaitingRuns(db)).filter((run) => run.cancel_asked_at === null);
    if (waiting.length === 0) return;
    const held = await listProcessingRuns(db);
    const standing = processes.map((process) => this.#view(process, held));
    const wanted = waiting.map((run) => ({ ...run, needs: this.#needs(run) }));
    for (const run of wanted)
      if (!this.#devices.some((device) => device.kind === run.needs)) await this.#failForDevice(run.id);
    for (const decision of place(wanted, standing, this.#devices)) await this.#carryOut(decision, processes);
  }

  #needs(run: { program: string; base: string | null; needs: "cpu" | "gpu" | null }): "cpu" | "gpu" {
    const builtin = this.#builtins.find(({ program, base }) => program === run.program && base === run.base);
    return builtin?.needs ?? run.needs ?? "cpu";
  }

  #view(process: ProcessRow, held: RunRow[]): StandingProcess {
    const mine = held.filter((run) => run.process_id === process.id);
    return {
      id: process.id,
      program: process.program,
      base: process.base,
      whole: process.weights_sha256,
      device: process.device,
      ready: this.#sessions.has(process.id),
      leaving: this.#leaving.has(process.id),
      training: mine.some((run) => run.kind === "training"),
      predictions: mine.filter((run) => run.kind === "prediction").length,
      idleSince: this.#idleSince.get(process.id) ?? 0,
    };
  }

  /** No device of this machine will ever do: said at once rather than waited for. */
  async #failForDevice(runId: string): Promise<void> {
    const error =
      "This model needs an NVIDIA GPU, and this machine has none that its driver shows (nvidia-smi). Use easel/emoji, which runs on any CPU, or a machine that has one.";
    await failWaitingRun(this.#context, runId, { error, error_code: "no_device" });
  }

  async #carryOut(decision: Decision, processes: ProcessRow[]): Promise<void> {
    if (decision.do === "assign") {
      const device = processes.find((process) => process.id === decision.processId)?.device ?? "";
      return this.#assign(
        decision.runId,
        decision.processId,
        this.#devices.find(({ name }) => name === device)?.label ?? device,
      );
    }
    if (decision.do === "start") {
      await startProcess(this.#context, decision, this.#socketPath, () => this.#context.watch.poke("queue"));
      return;
    }
    this.#leaving.set(decision.processId, this.#context.now());
    this.#sessions.get(decision.processId)?.send({ type: "shutdown" });
  }

  async #assign(runId: string, processId: string, device: string): Promise<void> {
    const run = await assignRun(this.#context, runId, processId, device);
    if (run === undefined) return;
    this.#sessions.get(processId)?.send(await runCommand(this.#context, run));
  }

  /**
   * A process dials in, for the first time or again. Runs that are still its own it goes on with; one whose last word we
   * have is acknowledged; a run that it was given and never heard of is given again; everything else is refused to it.
   */
  async #greet(session: Session, hello: Hello): Promise<boolean> {
    const { db } = this.#context;
    const process = await findLivingProcess(db, hello.process);
    const held = (await listProcessingRuns(db)).filter((run) => run.process_id === hello.process);
    for (const { run: runId, attempt } of hello.runs) {
      const own = process !== undefined && held.some((run) => run.id === runId && run.attempt === attempt);
      if (own || (await hasLastWord(db, runId, attempt))) {
        session.send({ type: "ack", run: runId, attempt, seq: await findLastSeq(db, runId, attempt) });
      } else {
        session.send({ type: "refused", run: runId, attempt });
        this.#letGo(hello.process);
      }
    }
    if (process === undefined) return false;
    if (process.pid === null) await updateProcessIdentity(db, process.id, hello.pid, birthOf(hello.pid));
    await renewLeases(db, process.id, leaseFromNow(this.#context));
    this.#sessions.get(process.id)?.close();
    this.#sessions.set(process.id, session);
    this.#greeted.add(process.id);
    this.#idleSince.set(process.id, this.#context.now());
    for (const run of held) {
      if (!hello.runs.some((known) => known.run === run.id)) session.send(await runCommand(this.#context, run));
    }
    this.#context.watch.poke("queue");
    return true;
  }

  #renew(processId: string): void {
    renewLeases(this.#context.db, processId, leaseFromNow(this.#context)).catch((error) =>
      this.#context.log.error({ error }, "leases could not be renewed"),
    );
  }

  #free(processId: string): void {
    this.#idleSince.set(processId, this.#context.now());
    this.#context.watch.poke("queue");
  }

  /** It was refused an attempt, which ends it: it gets no more work. */
  #letGo(processId: string): void {
    if (!this.#leaving.has(processId)) this.#leaving.set(processId, this.#context.now());
    this.#context.watch.poke("queue");
  }

  #forget(session: Session): void {
    if (this.#sessions.get(session.processId) === session) this.#sessions.delete(session.processId);
    this.#context.watch.poke("queue");
  }
}
