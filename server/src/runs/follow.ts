/** A run's events as messages for whoever watches: what is committed, in order, without gap or repetition, up to its end. */
import { EVENTS_SILENCE_SECONDS_MAX, isTerminal, ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type EventRow, listEvents } from "./events.ts";
import { presentRunFile } from "./present.ts";
import { countRunsAhead } from "./queue.ts";
import { findRun, type RunRow } from "./store.ts";

export interface Message {
  id?: string;
  event: string;
  data: string;
}

const CHUNK = 500;
const Body = z.looseObject({ file: ReportedFile.optional(), files: z.array(ReportedFile).optional() });

/** Yields "quiet" when nothing has happened for a while, so that the connection can be kept alive. Ends with the run, or the signal. */
export async function* followRun(
  context: Context,
  runId: string,
  after: number,
  origin: string,
  signal: AbortSignal,
): AsyncGenerator<Message | "quiet"> {
  let last = after;
  let shown = "";
  while (!signal.aborted) {
    const changed = context.watch.next(runId, (EVENTS_SILENCE_SECONDS_MAX - 1) * 1000, signal);
    const run = await findRun(context.db, runId);
    if (run === undefined) return;
    const status = await statusData(context, run);
    if (status !== shown) yield { event: "status", data: status };
    const before = last;
    for await (const row of committedEvents(context, runId, last)) {
      last = row.number;
      const message = presentEvent(context, row, origin);
      if (message !== undefined) yield message;
    }
    if (isTerminal(run.status)) {
      yield { event: "done", data: JSON.stringify({ status: run.status, error: run.error, code: run.error_code }) };
      return;
    }
    const quiet = status === shown && last === before;
    shown = status;
    await changed;
    if (quiet && !signal.aborted) yield "quiet";
  }
}

async function* committedEvents(context: Context, runId: string, after: number): AsyncGenerator<EventRow> {
  let last = after;
  while (true) {
    const rows = await listEvents(context.db, runId, last, CHUNK);
    yield* rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < CHUNK) return;
    last = end.number;
  }
}

async function statusData(context: Context, run: RunRow): Promise<string> {
  const queuePosition = run.status === "starting" ? await countRunsAhead(context.db, run) : null;
  return JSON.stringify({ status: run.status, queuePosition });
}

/**
 * An attempt's own "done" is left out, for the stream's last message says how the run ended; its "lost" too, for the server
 * says in the log what follows from it.
 */
function presentEvent(context: Context, row: EventRow, origin: string): Message | undefined {
  if (row.type === "done" || row.type === "lost") return undefined;
  const { file, files, path: _path, ...body } = Body.parse(JSON.parse(row.body));
  const shown = (reported: ReportedFile) => presentRunFile(context, row.run_id, row.attempt, reported, origin);
  const data = {
    attempt: row.attempt,
    at: row.at,
    ...body,
    ...(file === undefined ? {} : { file: shown(file) }),
    ...(files === undefined ? {} : { files: files.map(shown) }),
  };
  return { id: String(row.number), event: row.type, data: JSON.stringify(data) };
}
