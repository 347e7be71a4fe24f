/** A webhook message as the API shows it: the only way out for its row. */
import type { WebhookDelivery } from "@easel/contract";
import type { DeliveryRow } from "./store.ts";

/** `row` without its body is shown without one. */
export function presentDelivery(row: Omit<DeliveryRow, "number" | "body"> & { body?: string | null }): WebhookDelivery {
  const { id, run_id, event, url, state, attempts, created_at, delivered_at } = row;
  return {
    id,
    run: run_id,
    event,
    url,
    state,
    attempts,
    created_at,
    next_attempt_at: timeOf(row.next_attempt_at),
    delivered_at,
    last_attempt: presentAttempt(row),
    ...(row.body === undefined ? {} : { body: row.body }),
  };
}

function presentAttempt(row: Omit<DeliveryRow, "number" | "body">): WebhookDelivery["last_attempt"] {
  const at = timeOf(row.last_attempt_at);
  if (at === null) return null;
  return { at, status: row.last_status, error: row.last_error, reply: row.last_reply, milliseconds: row.last_ms };
}

function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
