/** What a model process says about an attempt, committed: events first, and with them the lease that keeps the attempt alive. */
import type { ProcessEvent } from "@easel/contract";
import type { Updateable } from "kysely";
import type { Context } from "../context.ts";
import type { Tables } from "../db.ts";
import { outputIsList } from "../models/schema.ts";
import { findVersionSchema } from "../models/versions.ts";
import { announceEvents } from "../webhooks/outbox.ts";
import { updateAttemptState } from "./attempts.ts";
import { findLastSeq, insertEvents } from "./events.ts";
import { type Holder, updateHeldRun } from "./moves.ts";
import { appendChunks, encodeOutput } from "./output.ts";
import { findRun } from "./store.ts";

/** A process broke the protocol: its numbers have a gap. The connection is dropped, and the process replays. */
export class ProtocolError extends Error {}

/**
 * Commits events of one attempt, in order, none of them terminal. What is already committed is passed over, so a replay is harmless.
 * Returns the last committed number, or undefined when the attempt is over and nothing was written.
 * Throws ProtocolError when a number is missing.
 */
export async function commitEvents(
  context: Context,
  holder: Holder,
  events: ProcessEvent[],
): Promise<number | undefined> {
  const change = await changeOf(context, holder, events);
  const seq = await context.db.transaction().execute(async (tx) => {
    const run = await updateHeldRun(tx, holder, change);
    if (run === undefined) return undefined;
    const last = await findLastSeq(tx, holder.runId, holder.attempt);
    const fresh = freshEvents(events, last);
    await insertEvents(tx, holder.runId, fresh.map(eventRow));
    const state = fresh.findLast((event) => event.type === "state");
    if (state?.type === "state") await updateAttemptState(tx, holder.runId, holder.attempt, state);
    const chunks = fresh.filter((event) => event.type === "chunk");
    // Here and not with the change above: what was committed before must not be appended again.
    if (chunks.length > 0) {
      await updateHeldRun(tx, holder, { output: appendChunks(run.output, holder.attempt, chunks) });
    }
    const types = fresh.map((event) => event.type);
    await announceEvents(context, tx, run, types);
    return last + fresh.length;
  });
  context.watch.poke(holder.runId);
  return seq;
}

/** The events that come after `last`, which must follow it without a gap. */
export function freshEvents(events: ProcessEvent[], last: number): ProcessEvent[] {
  const fresh = events.filter((event) => event.seq > last);
  fresh.forEach((event, index) => {
    if (event.seq !== last + 1 + index) {
      throw new ProtocolError(`Event ${event.seq} of run ${event.run} came after ${last + index}.`);
    }
  });
  return fresh;
}

/** An event as it is stored: what the row already says is left out of the body. */
export function eventRow(event: ProcessEvent): {
  attempt: number;
  seq: number;
  type: string;
  at: string;
  body: string;
} {
  const { run: _run, attempt, seq, type, at, ...body } = event;
  return { attempt, seq, type, at, body: JSON.stringify(body) };
}

export function leaseFromNow(context: Context): number {
  return context.now() + context.config.leaseSeconds * 1000;
}

async function changeOf(context: Context, holder: Holder, events: ProcessEvent[]): Promise<Updateable<Tables["runs"]>> {
  const change: Updateable<Tables["runs"]> = { lease_ends_at: leaseFromNow(context) };
  if (events.some((event) => event.type === "state")) change.state_asked_at = null;
  const output = events.findLast((event) => event.type === "output");
  if (output?.type !== "output") return change;
  if (output.files === undefined)
    return { ...change, output: encodeOutput({ kind: "value", value: output.value ?? null }) };
  const run = await findRun(context.db, holder.runId);
  const list = run !== undefined && outputIsList(await findVersionSchema(context.db, run.version_id));
  return { ...change, output: encodeOutput({ kind: "files", attempt: holder.attempt, files: output.files, list }) };
}
