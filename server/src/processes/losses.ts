/** Notices model processes that are dead, silent or deaf, and what becomes of the runs that they held. */
import { setTimeout } from "node:timers/promises";
import { type Context, timestamp } from "../context.ts";
import { failWaitingRun, type Loss, loseAttempt } from "../runs/finish.ts";
import { listProcessingRuns } from "../runs/leases.ts";
import type { Holder } from "../runs/moves.ts";
import { listWaitingRuns } from "../runs/queue.ts";
import type { RunRow } from "../runs/store.ts";
import { causeOfDeath } from "./cause.ts";
import type { Crew } from "./crew.ts";
import { signalAlone, signalGroup } from "./identity.ts";
import { lastWords } from "./last-words.ts";
import { endOrphans } from "./orphans.ts";
import { salvage } from "./salvage.ts";
import { endProcess, type ProcessRow } from "./store.ts";

/** How often, one after the other, processes of a kind may die before their first word until the run that waits is failed. */
const STARTS_MAX = 2;
/** What it takes to write the stacks of a process; one that is told to end at once may cut them short. */
const STACKS_MS = 300;

export class Losses {
  readonly #context: Context;
  readonly #crew: Crew;
  /** By program and base: how many in a row never came. */
  readonly #neverCame = new Map<string, number>();

  constructor(context: Context, crew: Crew) {
    this.#context = context;
    this.#crew = crew;
  }

  /** The process is gone; `ours` where this server started it. Its runs are read to their end, and only then given up. */
  async bury(process: ProcessRow, ours: boolean): Promise<void> {
    const { db } = this.#context;
    const came = this.#crew.greeted.has(process.id);
    const words = lastWords(this.#context.config, process.id);
    const cause = causeOfDeath({
      signal: this.#crew.exitOf(process.id),
      expected: this.#crew.leaving.has(process.id),
      memoryBytes: this.#crew.memoryOf(process.id),
      words,
    });
    this.#crew.forget(process.id);
    endOrphans(process.id);
    const held = (await listProcessingRuns(db)).filter((run) => run.process_id === process.id);
    for (const run of held) await this.#giveUp(run, cause);
    await endProcess(db, process.id, timestamp(this.#context));
    const kind = `${process.program} ${process.base}`;
    if (came) this.#neverCame.delete(kind);
    // One of an earlier server may have come and gone before we were there: its death says nothing about the next.
    else if (ours && held.length === 0) await this.#countStart(process, kind, words);
    this.#context.watch.poke("queue");
  }

  /** It died before it could take work: whoever waits for its base would wait for ever. */
  async #countStart(process: ProcessRow, kind: string, words: string): Promise<void> {
    const count = (this.#neverCame.get(kind) ?? 0) + 1;
    this.#neverCame.set(kind, count % STARTS_MAX);
    if (count < STARTS_MAX) return;
    const waiting = await listWaitingRuns(this.#context.db);
    const run = waiting.find((candidate) => candidate.program === process.program && candidate.base === process.base);
    if (run === undefined) return;
    const error = `The model process could not start. Run "easel doctor" to see what is missing.${words}`;
    await failWaitingRun(this.#context, run.id, { error, error_code: "process_start" });
  }

  /** Silent past its lease, or deaf to a wish to cancel. `held` are all runs that processes hold. */
  async keepInTime(run: RunRow, process: ProcessRow | undefined, held: RunRow[]): Promise<void> {
    const { config } = this.#context;
    const now = this.#context.now();
    if (process === undefined || now > (run.lease_ends_at ?? 0)) {
      const reason = `The model process has been silent for ${config.leaseSeconds} seconds.`;
      const words = process === undefined ? "" : await this.#askForStacks(process);
      await this.#giveUp(run, { reason, code: "hang", words });
      if (process !== undefined) this.#condemn(process);
      return;
    }
    const session = this.#crew.session(process.id);
    const about = { run: run.id, attempt: run.attempt };
    if (run.keep_asked_at !== null) session?.send({ type: "stop-and-keep", ...about });
    if (run.state_asked_at !== null) session?.send({ type: "save-state", ...about, asked: run.state_asked_at });
    if (run.cancel_asked_at === null) return;
    session?.send({ type: "cancel", ...about });
    const late = now - Date.parse(run.cancel_asked_at) > config.killGraceSeconds * 1000;
    // A prediction that will not end is no reason to kill the training beside it.
    const besideTraining =
      run.kind === "prediction" && held.some((one) => one.process_id === process.id && one.kind === "training");
    if (late && !besideTraining) this.#condemn(process);
  }

  /** SIGKILL for those that were told to end and are still there when the time of grace is over. */
  press(process: ProcessRow | undefined, since: number): void {
    if (process === undefined) return;
    if (this.#context.now() - since > this.#context.config.killGraceSeconds * 1000) signalGroup(process, "SIGKILL");
  }

  #condemn(process: ProcessRow): void {
    if (this.#crew.leaving.has(process.id)) return;
    this.#crew.leaving.set(process.id, this.#context.now());
    signalGroup(process, "SIGTERM");
  }

  /** Where it stands, unless it is frozen, or was asked before. Python writes it even where its own threads stand still. */
  async #askForStacks(process: ProcessRow): Promise<string> {
    if (this.#crew.leaving.has(process.id) || !signalAlone(process, "SIGUSR1")) return "";
    await setTimeout(STACKS_MS);
    return lastWords(this.#context.config, process.id);
  }

  async #giveUp(run: RunRow, loss: Loss): Promise<void> {
    if (run.process_id === null) return;
    const holder: Holder = { runId: run.id, attempt: run.attempt, processId: run.process_id };
    // A journal that cannot be read must not keep every other run from being looked after.
    const ended = await salvage(this.#context, holder).catch((error) => {
      this.#context.log.error({ error, run: run.id }, "the journal of a lost attempt could not be read to its end");
      return false;
    });
    if (!ended) await loseAttempt(this.#context, holder, loss);
  }
}
