/** Follows a run's events over as many connections as it takes. Knows nothing of what is done with them. */
import { ApiError, ConnectionError } from "./errors.ts";
import { readEventStream } from "./event-stream.ts";
import { EVENTS_SILENCE_SECONDS_MAX, parseRunEvent, type RunEvent } from "./events.ts";

export interface FollowOptions {
  /** Begin behind this event. */
  after?: number;
  signal?: AbortSignal;
  /** Called when a connection was lost, before the wait for the next one. */
  onLost?: (reason: string) => void;
}

/** Opens the stream behind event `after`; throws ApiError or ConnectionError. */
export type OpenStream = (after: number | undefined, signal: AbortSignal) => Promise<Response>;

const WAIT_SECONDS = [0.2, 0.5, 1, 2, 4];

/**
 * Yields a run's events up to its `done`. A lost connection is dialled again, behind the last event seen, for as long
 * as the signal lets it; a refusal (4xx) is thrown.
 */
export async function* followEvents(open: OpenStream, options: FollowOptions = {}): AsyncGenerator<RunEvent> {
  let after = options.after;
  for (let tries = 0; ; tries++) {
    let reason = "the connection ended";
    try {
      for await (const event of connect(open, after, options.signal)) {
        tries = 0;
        if (event.id !== null) after = event.id;
        yield event;
        if (event.type === "done") return;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      reason = reasonToRetry(error);
    }
    options.onLost?.(reason);
    await pause(WAIT_SECONDS[Math.min(tries, WAIT_SECONDS.length - 1)] ?? 4, options.signal);
  }
}

async function* connect(open: OpenStream, after: number | undefined, signal?: AbortSignal): AsyncGenerator<RunEvent> {
  const silence = new AbortController();
  const signals = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const watch = () =>
    setTimeout(() => silence.abort(new ConnectionError("the server", "silence")), 3000 * EVENTS_SILENCE_SECONDS_MAX);
  let timer = watch();
  try {
    const response = await open(after, signals);
    if (response.body === null) throw new Error("The server sent no event stream.");
    for await (const event of readEventStream(chunksOf(response.body))) {
      clearTimeout(timer);
      timer = watch();
      const known = event && parseRunEvent(event.type, event.id === null ? null : Number(event.id), event.data);
      if (known) yield known;
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Safari cannot yet iterate over a stream. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The words for a fault that may pass; any other is thrown again. */
function reasonToRetry(error: unknown): string {
  if (error instanceof ConnectionError) return error.reason;
  if (error instanceof ApiError && (error.status >= 500 || error.status === 429)) return error.detail;
  // A body that breaks off in the middle is a TypeError of fetch's.
  if (error instanceof TypeError) return "the connection was cut";
  throw error;
}

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
