/** Webhooks as their owner sees them: the secret that signs them, and the log of what became of each message. */
import { z } from "zod";
import { pageOf } from "./page.ts";
import { RunId } from "./reference.ts";
import { WebhookEvent } from "./run.ts";

/** `key` is `whsec_` and standard base64. */
export const WebhookSecret = z.object({ key: z.string() });
export type WebhookSecret = z.infer<typeof WebhookSecret>;

/**
 * One message. `id` is its `webhook-id`, the same at every attempt. `last_attempt` has a status where one came, else an
 * error; `reply` is the first kilobyte of the answer. `body` is kept for `start` and `completed`, and left out of lists.
 */
export const WebhookDelivery = z.object({
  id: z.string(),
  run: RunId,
  event: WebhookEvent,
  url: z.string(),
  state: z.enum(["waiting", "delivered", "failed"]),
  attempts: z.int(),
  created_at: z.iso.datetime(),
  next_attempt_at: z.iso.datetime().nullable(),
  delivered_at: z.iso.datetime().nullable(),
  last_attempt: z
    .object({
      at: z.iso.datetime(),
      status: z.int().nullable(),
      error: z.string().nullable(),
      reply: z.string().nullable(),
      milliseconds: z.int().nullable(),
    })
    .nullable(),
  body: z.string().nullable().optional(),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const WebhookDeliveryPage = pageOf(WebhookDelivery);
export type WebhookDeliveryPage = z.infer<typeof WebhookDeliveryPage>;
