/**
 * Keeps runs and model processes together: listens for processes, greets them, and looks again and again at what to do.
 * What is true stands in the database; who is connected, in the crew.
 */
import type { Server } from "node:net";
import type { Hello, Slots } from "@easel/contract";
import type { Context } from "../context.ts";
import type { Builtin } from "../models/builtin.ts";
import { hasLastWord } from "../runs/attempts.ts";
import { runCommand } from "../runs/claim.ts";
import { findLastSeq } from "../runs/events.ts";
import { listProcessingRuns, renewEveryLease, renewLeases } from "../runs/leases.ts";
import { leaseFromNow } from "../runs/report.ts";
import { Crew } from "./crew.ts";
import type { Device } from "./devices.ts";
import { handOut, type Machine } from "./hand-out.ts";
import { birthOf, isAlive, signalGroup } from "./identity.ts";
import { listen, socketPathFor } from "./listen.ts";
import { Losses } from "./losses.ts";
import { peakMemoryBytes } from "./memory.ts";
import { Session } from "./session.ts";
import { findLivingProcess, listLivingProcesses, type ProcessRow, updateProcessIdentity } from "./store.ts";

const TICK_MS = 1000;
/** Ticks further apart than this: the machine slept, or its clock was set. Nobody could have renewed a lease meanwhile. */
const PAUSE_MS = 5000;
/** Importing torch and a base takes seconds; a process that says nothing for this long never will. */
const HELLO_MS_MAX = 300_000;

export class Supervisor {
  readonly #context: Context;
  readonly #machine: Machine;
  readonly #crew = new Crew();
  readonly #losses: Losses;
  readonly #stopped = new AbortController();
  /** When we began to listen: what was started before has had no earlier chance to dial in. */
  #startedAt = 0;
  #tickedAt = 0;
  #server: Server | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(context: Context, options: { builtins: Builtin[]; devices: Device[] }) {
    this.#context = context;
    this.#machine = { ...options, socketPath: socketPathFor(context.config.dataFolder) };
    this.#losses = new Losses(context, this.#crew);
  }

  /** Renews every lease once, so that processes which went on without us can come back, then listens and hands out work. */
  async start(): Promise<void> {
    this.#startedAt = this.#context.now();
    await renewEveryLease(this.#context.db, leaseFromNow(this.#context));
    this.#server = await listen(this.#machine.socketPath, (socket) => {
      new Session(this.#context, socket, {
        hello: (session, hello) => this.#greet(session, hello),
        alive: (processId) => this.#renew(processId),
        slots: (processId, slots) => this.#noteSlots(processId, slots),
        freed: (processId) => this.#free(processId),
        ending: (processId) => this.#letGo(processId),
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
    for (const [id, session] of this.#crew.connected()) {
      if (!busy.has(id)) session.send({ type: "shutdown" });
      session.close();
    }
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
      if (!this.#isStanding(process)) await this.#losses.bury(process, this.#isOurs(process));
    }
    const processes = new Map((await listLivingProcesses(db)).map((process) => [process.id, process]));
    for (const process of processes.values()) this.#crew.noteMemory(process.id, peakMemoryBytes(process.pid));
    const held = await listProcessingRuns(db);
    for (const run of held) await this.#losses.keepInTime(run, processes.get(run.process_id ?? ""), held);
    for (const [id, since] of this.#crew.leaving) this.#losses.press(processes.get(id), since);
    await handOut(this.#context, this.#crew, this.#machine, [...processes.values()]);
  }

  /**
   * A process that has not dialled in yet is given time, from our own start on if it is older. One whose start an earlier
   * server could not note is not waited for: if it lives and dials in, it is told to end.
   */
  #isStanding(process: ProcessRow): boolean {
    if (process.pid === null) return this.#isOurs(process);
    const waited = this.#context.now() - Math.max(Date.parse(process.started_at), this.#startedAt);
    if (!this.#crew.greeted.has(process.id) && waited > HELLO_MS_MAX) signalGroup(process, "SIGKILL");
    return this.#crew.isRunning(process.id) ?? isAlive(process);
  }

  /** Started by this server, not by one before it. */
  #isOurs(process: ProcessRow): boolean {
    return Date.parse(process.started_at) >= this.#startedAt;
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
    this.#crew.join(process.id, session, this.#context.now());
    this.#crew.noteSlots(process.id, hello.slots.predict);
    this.#crew.noteLoaded(process.id, hello.loaded);
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

  #noteSlots(processId: string, slots: Slots): void {
    this.#crew.noteSlots(processId, slots.predict);
    this.#crew.noteLoaded(processId, slots.loaded);
    this.#context.log.info({ process: processId, ...slots }, "a model process says what it can take");
    this.#context.watch.poke("queue");
  }

  #free(processId: string): void {
    this.#crew.noteIdle(processId, this.#context.now());
    this.#context.watch.poke("queue");
  }

  /** It is about to end: it gets no more work. */
  #letGo(processId: string): void {
    if (!this.#crew.leaving.has(processId)) this.#crew.leaving.set(processId, this.#context.now());
    this.#context.watch.poke("queue");
  }

  #forget(session: Session): void {
    this.#crew.part(session);
    this.#context.watch.poke("queue");
  }
}
