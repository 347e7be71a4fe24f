/**
 * Reads the journal of a lost attempt to its end: what the process wrote and could not send any more.
 * If its last word stands there the attempt was not lost at all.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ProcessEvent } from "@easel/contract";
import type { Context } from "../context.ts";
import { attemptFolder } from "../runs/attempt-folder.ts";
import { findLastSeq } from "../runs/events.ts";
import { finishAttempt, isFinal } from "../runs/finish.ts";
import type { Holder } from "../runs/moves.ts";
import { commitEvents } from "../runs/report.ts";

const BATCH = 500;

/** Commits what is new in the journal. True when the attempt ended by its own word there. */
export async function salvage(context: Context, holder: Holder): Promise<boolean> {
  const last = await findLastSeq(context.db, holder.runId, holder.attempt);
  let batch: ProcessEvent[] = [];
  for await (const event of readJournal(context, holder)) {
    if (event.seq <= last) continue;
    if (isFinal(event)) {
      if (batch.length > 0) await commitEvents(context, holder, batch);
      return finishAttempt(context, holder, event);
    }
    batch.push(event);
    if (batch.length === BATCH) {
      await commitEvents(context, holder, batch);
      batch = [];
    }
  }
  if (batch.length > 0) await commitEvents(context, holder, batch);
  return false;
}

/** The events of the journal, in order; a last line that was cut short by the death of its writer ends it. */
async function* readJournal(context: Context, holder: Holder): AsyncGenerator<ProcessEvent> {
  const path = join(attemptFolder(context, holder.runId, holder.attempt), "events.jsonl");
  const stream = createReadStream(path);
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      const event = ProcessEvent.safeParse(parseJson(line));
      if (!event.success || event.data.run !== holder.runId || event.data.attempt !== holder.attempt) return;
      yield event.data;
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  } finally {
    stream.destroy();
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
