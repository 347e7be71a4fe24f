/** A prediction as Replicate streams it: its outputs one by one, its log, and at last why it ended. Knows no HTTP. */
import { RUN_EVENTS } from "@easel/contract";
import type { z } from "zod";
import type { Context } from "../context.ts";
import { followRun, type Message } from "./follow.ts";
import { findRun, type RunRow } from "./store.ts";

const { chunk: Chunk, output: Output, log: Log, done: Done } = RUN_EVENTS;
type Chunk = z.infer<typeof Chunk>;
type Output = z.infer<typeof Output>;

/** A message; ids are unique and grow. */
export interface StreamMessage {
  id: string;
  event: "output" | "logs" | "error" | "done";
  data: string;
}

/**
 * Begins behind the event of that number. An attempt that was tried again gives its outputs again: those that were sent
 * are passed over. Yields "quiet" now and then while nothing happens.
 */
export async function* streamRun(
  context: Context,
  runId: string,
  after: number,
  origin: string,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage | "quiet"> {
  const place = new Place();
  for await (const message of followRun(context, runId, 0, origin, signal)) {
    if (message === "quiet") yield message;
    else if (message.event === "done") yield* ending(message, place, await findRun(context.db, runId));
    else for (const shown of present(message, place)) if (place.number > after) yield shown;
  }
}

/** The number that an id of ours ends with. */
export function readStreamId(id: string | undefined): number {
  return Number(/^\d+:(\d+)$/.exec(id ?? "")?.[1] ?? 0);
}

/** How far the stream is: the last event, and which of the run's outputs were sent. */
class Place {
  number = 0;
  attempt = 0;
  /** Outputs of this attempt, and the most that any attempt has had. */
  outputs = 0;
  sent = 0;

  /** Whether one more output of the attempt is new. */
  advance(attempt: number): boolean {
    if (attempt !== this.attempt) [this.attempt, this.outputs] = [attempt, 0];
    this.outputs += 1;
    if (this.outputs <= this.sent) return false;
    this.sent = this.outputs;
    return true;
  }
}

function present({ id, event, data }: Message, place: Place): StreamMessage[] {
  if (id === undefined) return [];
  place.number = Number(id);
  const show = (name: "output" | "logs", at: string, text: string) => ({ id: idOf(at, id), event: name, data: text });
  if (event === "log") {
    const { at, text } = Log.parse(JSON.parse(data));
    return [show("logs", at, text)];
  }
  if (event !== "chunk" && event !== "output") return [];
  const output = event === "chunk" ? Chunk.parse(JSON.parse(data)) : Output.parse(JSON.parse(data));
  return textsOf(output)
    .filter(() => place.advance(output.attempt))
    .map((text) => show("output", output.at, text));
}

/** What is not text is sent as JSON. */
function textsOf(output: Chunk | Output): string[] {
  if ("file" in output && output.file !== undefined) return [output.file.url];
  if ("files" in output && output.files !== undefined) return output.files.map((file) => file.url);
  const values = Array.isArray(output.value) ? output.value : [output.value];
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
}

function* ending({ data }: Message, place: Place, run: RunRow | undefined): Generator<StreamMessage> {
  const { status, error } = Done.parse(JSON.parse(data));
  const at = run?.completed_at ?? "";
  const id = idOf(at, String(place.number + 1));
  if (status === "failed") yield { id, event: "error", data: JSON.stringify({ detail: error }) };
  const reason = status === "canceled" ? { reason: "canceled" } : status === "failed" ? { reason: "error" } : {};
  yield { id: idOf(at, String(place.number + 2)), event: "done", data: JSON.stringify(reason) };
}

function idOf(at: string, number: string): string {
  return `${Math.floor(Date.parse(at) / 1000)}:${number}`;
}
