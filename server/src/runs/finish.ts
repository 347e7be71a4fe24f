/** How an attempt ends: by its own word (done, failed, canceled), or lost. Each end is one transaction with all its effects. */
import type { ProcessEvent } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import type { Db } from "../db.ts";
import { announceEnd } from "../webhooks/outbox.ts";
import { type AttemptRow, endAttempt, listAttempts } from "./attempts.ts";
import { countBegunAttempts, findLastSeq, insertEvents, insertServerLog } from "./events.ts";
import { endWaitingRun, type Holder, releaseRun } from "./moves.ts";
import { decodeOutput, encodeOutput } from "./output.ts";
import { type Publication, preparePublication, publishVersion } from "./publish.ts";
import { eventRow, freshEvents } from "./report.ts";
import { findRun, type RunRow } from "./store.ts";
import { UnusableWeights } from "./unusable-weights.ts";

export type FinalEvent = Extract<ProcessEvent, { type: "done" | "failed" | "canceled" | "lost" }>;

export function isFinal(event: ProcessEvent): event is FinalEvent {
  return event.type === "done" || event.type === "failed" || event.type === "canceled" || event.type === "lost";
}

/**
 * Ends the run by its attempt's last word. For a training the weights are checked and adopted first; then one transaction
 * holds the event, the end of the run, and the published version. False: the attempt was over already, nothing was written.
 */
export async function finishAttempt(context: Context, holder: Holder, event: FinalEvent): Promise<boolean> {
  if (event.type === "lost")
    return loseAttempt(context, holder, { reason: event.error, code: event.code, words: "" }, event);
  const earned = await endingOf(context, holder, event);
  if (earned === undefined) return false;
  const finished = await context.db.transaction().execute(async (tx) => {
    const at = timestamp(context);
    // A cancel that was accepted is kept, also when the work was done by then.
    const canceled = (await findRun(tx, holder.runId))?.cancel_asked_at != null && earned.end.status === "succeeded";
    const ending: Ending = canceled ? { end: { status: "canceled" } } : earned;
    const run = await releaseRun(tx, holder, { ...ending.end, completed_at: at });
    if (run === undefined) return false;
    const last = await findLastSeq(tx, holder.runId, holder.attempt);
    await insertEvents(tx, holder.runId, freshEvents([event], last).map(eventRow));
    await endAttempt(tx, holder.runId, holder.attempt, ending.end.status, at);
    await announceEnd(context, tx, run);
    if (ending.publication !== undefined) await publishVersion(tx, ending.publication, at);
    return true;
  });
  context.watch.poke(holder.runId);
  context.watch.poke("queue");
  return finished;
}

type End =
  | { status: "succeeded"; seconds: number; output: string }
  | { status: "canceled" }
  | { status: "failed"; error: string; error_code: string };

interface Ending {
  end: End;
  publication?: Publication;
}

type Earned = Exclude<FinalEvent, { type: "lost" }>;

async function endingOf(context: Context, holder: Holder, event: Earned): Promise<Ending | undefined> {
  if (event.type === "canceled") return { end: { status: "canceled" } };
  if (event.type === "failed") return { end: { status: "failed", error: event.error, error_code: event.code } };
  const run = await findRun(context.db, holder.runId);
  if (run === undefined || run.attempt !== holder.attempt || run.status !== "processing") return undefined;
  if (run.kind === "prediction") {
    return {
      end: {
        status: "succeeded",
        seconds: event.seconds,
        output: run.output ?? encodeOutput({ kind: "value", value: null }),
      },
    };
  }
  return trainingEnding(context, run, event.seconds);
}

async function trainingEnding(context: Context, run: RunRow, seconds: number): Promise<Ending> {
  try {
    const publication = await preparePublication(context, run, decodeOutput(run.output));
    const output = encodeOutput({
      kind: "version",
      version: publication.reference,
      attempt: run.attempt,
      weights: publication.weights,
      step: publication.step,
    });
    return { end: { status: "succeeded", seconds, output }, publication };
  } catch (error) {
    if (!(error instanceof UnusableWeights)) throw error;
    return { end: { status: "failed", error: error.message, error_code: "weights_unusable" } };
  }
}

/** Why an attempt was lost: in words, and as what programs read where no other attempt is made. */
export interface Loss {
  reason: string;
  code: string;
  /** What the process wrote last, as a passage of its own; empty when it wrote nothing. */
  words: string;
}

/**
 * The attempt's process is gone, or silent past its lease, or about to go as its last `word` says. A wish to cancel is thereby
 * fulfilled; a prediction is tried once more; a training goes on while its attempts get further.
 */
export async function loseAttempt(
  context: Context,
  holder: Holder,
  { reason, code, words }: Loss,
  word?: FinalEvent,
): Promise<boolean> {
  const lost = await context.db.transaction().execute(async (tx) => {
    const at = timestamp(context);
    const run = await findRun(tx, holder.runId);
    if (run === undefined || run.status !== "processing" || run.attempt !== holder.attempt) return false;
    const verdict = await afterLoss(tx, run);
    const end =
      verdict === "again"
        ? ({ status: "starting" } as const)
        : verdict === "canceled"
          ? ({ status: "canceled", completed_at: at } as const)
          : ({
              status: "failed",
              completed_at: at,
              error: `${reason} ${verdict}${words}`,
              error_code: code,
            } as const);
    const released = await releaseRun(tx, holder, end);
    if (released === undefined) return false;
    if (word !== undefined) {
      const last = await findLastSeq(tx, holder.runId, holder.attempt);
      await insertEvents(tx, holder.runId, freshEvents([word], last).map(eventRow));
    }
    await endAttempt(tx, holder.runId, holder.attempt, "lost", at);
    const said = verdict === "again" ? `${reason} Trying again.` : reason;
    await insertServerLog(tx, holder.runId, said + words, at);
    if (verdict !== "again") await announceEnd(context, tx, released);
    return true;
  });
  context.watch.poke(holder.runId);
  context.watch.poke("queue");
  return lost;
}

/** Ends a run that no model process has: what it waits for will not come. Nothing happens where it waits no longer. */
export async function failWaitingRun(
  context: Context,
  runId: string,
  failure: { error: string; error_code: string },
): Promise<void> {
  await context.db.transaction().execute(async (tx) => {
    const end = { status: "failed", completed_at: timestamp(context), ...failure } as const;
    const run = await endWaitingRun(tx, runId, end);
    if (run !== undefined) await announceEnd(context, tx, run);
  });
  context.watch.poke(runId);
}

/** A prediction that waited in a process which died is handed out again, but not for ever. */
const UNBEGUN_MAX = 5;

/** What follows on the reason of every loss that was the last: why no other try is made, and what to do. */
export const GIVEN_UP = {
  prediction: "It was the second try, so the prediction was given up: see the log for what the model did last.",
  training:
    "Two tries in a row got no further than the one before, so the training was given up: see the log for what the model did last.",
};

async function afterLoss(db: Db, run: RunRow): Promise<"again" | "canceled" | string> {
  if (run.cancel_asked_at !== null) return "canceled";
  if (run.kind === "prediction") {
    return (await countBegunAttempts(db, run.id)) < 2 && run.attempt < UNBEGUN_MAX ? "again" : GIVEN_UP.prediction;
  }
  return stuckTwice(await listAttempts(db, run.id)) ? GIVEN_UP.training : "again";
}

/** True when neither the last attempt nor the one before it wrote a later training state than all before them. */
function stuckTwice(attempts: Progress[]): boolean {
  const advanced = gotFurther(attempts);
  return advanced.length >= 2 && !advanced.at(-1) && !advanced.at(-2);
}

/** True when the last attempt that was lost got no further than those before it. */
export function isStuck(attempts: Progress[]): boolean {
  return gotFurther(attempts.filter((attempt) => attempt.outcome === "lost")).at(-1) === false;
}

type Progress = Pick<AttemptRow, "state_step" | "outcome">;

/** Of each attempt, whether it wrote a later training state than all before it. */
function gotFurther(attempts: Progress[]): boolean[] {
  let best = 0;
  return attempts.map((attempt) => {
    const step = attempt.state_step ?? 0;
    const further = step > best;
    best = Math.max(best, step);
    return further;
  });
}
