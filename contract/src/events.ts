/**
 * What `GET /v1/runs/{id}/events` sends, as server-sent events: `event:` is the type, `data:` one JSON object.
 *
 * A connection begins with `status`, goes on with what the attempts reported after the number that the client named
 * (`Last-Event-ID`, or the query's `after`), and ends with `done` once the run has ended. `id:` is the run-wide number
 * of a reported event; it grows over all attempts. `status` and `done` tell the run's row as it is and have no `id:`.
 * A comment line comes at least every 15 seconds, so that a dead connection can be told from a quiet one.
 */
import { z } from "zod";
import { RunStatus } from "./run.ts";

/** How long a stream stays silent at most. */
export const EVENTS_SILENCE_SECONDS_MAX = 15;

/** A file of a run as the outside sees it: `url` needs no token. */
export const RunFile = z.object({
  name: z.string(),
  url: z.string(),
  size: z.int().min(0),
  sha256: z.string(),
  contentType: z.string(),
});
export type RunFile = z.infer<typeof RunFile>;

/** Attempt 0 is the server itself. */
const reported = { attempt: z.int().min(0), at: z.iso.datetime() };

/** The data of each event. An attempt's own `done` is not sent: what it means is said by the stream's. */
export const RUN_EVENTS = {
  status: z.object({ status: RunStatus, queuePosition: z.int().min(0).nullish() }),
  stage: z.object({ ...reported, name: z.string(), done: z.number().optional(), total: z.number().optional() }),
  log: z.object({ ...reported, text: z.string() }),
  progress: z.object({ ...reported, step: z.number(), total: z.number() }),
  metric: z.object({ ...reported, step: z.number(), values: z.record(z.string(), z.number().nullable()) }),
  sample: z.object({ ...reported, step: z.number(), prompt: z.string(), seed: z.number(), file: RunFile }),
  artifact: z.object({ ...reported, file: RunFile }),
  state: z.object({ ...reported, step: z.number() }),
  snapshot: z.object({ ...reported, step: z.number(), file: RunFile }),
  output: z.object({ ...reported, files: z.array(RunFile).optional(), value: z.json().optional() }),
  /** One of an iterator's outputs: what the run has given so far, grown by it. */
  chunk: z.object({ ...reported, file: RunFile.optional(), value: z.json().optional() }),
  failed: z.object({ ...reported, code: z.string(), error: z.string() }),
  canceled: z.object(reported),
  /** `code`: why it failed, for programs; docs/troubleshooting.md lists them. */
  done: z.object({ status: RunStatus, error: z.string().nullish(), code: z.string().nullish() }),
} as const;

export type RunEventType = keyof typeof RUN_EVENTS;

/** An event as the client hands it on; `id` is null where the stream gave none. */
export type RunEvent = {
  [Type in RunEventType]: { id: number | null; type: Type; data: z.infer<(typeof RUN_EVENTS)[Type]> };
}[RunEventType];

/** Reads one event of the stream; undefined where the type is not known here, as from a newer server. */
export function parseRunEvent(type: string, id: number | null, data: string): RunEvent | undefined {
  if (!Object.hasOwn(RUN_EVENTS, type)) return undefined;
  const known = type as RunEventType;
  return { id, type: known, data: RUN_EVENTS[known].parse(JSON.parse(data)) } as RunEvent;
}
