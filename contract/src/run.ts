/** What predictions and trainings share: statuses, input, links, and the wish to be told by webhook. */
import { z } from "zod";
import { RunId } from "./reference.ts";

export const RunStatus = z.enum(["starting", "processing", "succeeded", "failed", "canceled"]);
export type RunStatus = z.infer<typeof RunStatus>;

export const RunKind = z.enum(["prediction", "training"]);
export type RunKind = z.infer<typeof RunKind>;

/** Where a run can go from each status; `processing` goes back to `starting` when an attempt is lost. */
export const RUN_STATUS_MOVES = {
  starting: ["processing", "failed", "canceled"],
  processing: ["succeeded", "failed", "canceled", "starting"],
  succeeded: [],
  failed: [],
  canceled: [],
} as const satisfies Record<RunStatus, readonly RunStatus[]>;

/** True where nothing can follow. */
export function isTerminal(status: RunStatus): boolean {
  return RUN_STATUS_MOVES[status].length === 0;
}

/** A run's inputs as they were given: defaults are not filled in. */
export const RunInput = z.record(z.string(), z.json());
export type RunInput = z.infer<typeof RunInput>;

/** Seconds; the keys of a run that has not ended are absent. */
export const RunMetrics = z
  .object({ predict_time: z.number().optional(), total_time: z.number().optional() })
  .catchall(z.json());
export type RunMetrics = z.infer<typeof RunMetrics>;

/** `web` opens a run's page; for its owner it is signed for that run. `stream` stands only on streaming outputs. */
export const RunUrls = z.object({
  get: z.string(),
  cancel: z.string(),
  web: z.string(),
  stream: z.string().optional(),
});
export type RunUrls = z.infer<typeof RunUrls>;

export const WebhookEvent = z.enum(["start", "output", "logs", "completed"]);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

/** The fields of both kinds of run. `model` is `owner/name`; times are absent until they have come. */
export const runFields = {
  id: RunId,
  model: z.string(),
  version: z.string(),
  input: RunInput,
  error: z.string().nullable(),
  status: RunStatus,
  logs: z.string(),
  metrics: RunMetrics,
  source: z.enum(["web", "api"]),
  /** Whether input, output and log were removed because their time was over. */
  data_removed: z.boolean().default(false),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullish(),
  completed_at: z.iso.datetime().nullish(),
  urls: RunUrls,
  webhook: z.string().optional(),
  webhook_events_filter: z.array(WebhookEvent).optional(),
};

const webhookUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });

/** The fields that the bodies of both creates share. */
export const createRunFields = {
  input: RunInput,
  webhook: webhookUrl.optional(),
  webhook_events_filter: z.array(WebhookEvent).optional(),
  /** The older word for a webhook of the end alone. */
  webhook_completed: webhookUrl.nullish(),
};
