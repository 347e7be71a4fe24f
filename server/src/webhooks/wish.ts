/** The wish to be told of a run, as a create states it; what could never be delivered is refused right away. */
import { isIP } from "node:net";
import type { WebhookEvent } from "@easel/contract";
import { mayReach } from "../addresses.ts";
import type { Context } from "../context.ts";
import { invalidInput } from "../errors.ts";
import { bareHost } from "../fetch/dial.ts";

export interface WebhookWish {
  url: string;
  /** Undefined: all. */
  events: WebhookEvent[] | undefined;
  /** What URLs in the messages begin with: those of the request that created the run. */
  origin: string;
}

/** Throws 422. What stands behind a name is judged when it is connected to, each time. */
export function readWish(
  context: Pick<Context, "config">,
  body: {
    webhook?: string | undefined;
    webhook_events_filter?: WebhookEvent[] | undefined;
    webhook_completed?: string | null | undefined;
  },
  origin: string,
): WebhookWish | undefined {
  // The older name asks for the end alone, and counts where the newer one is not given.
  const asked = body.webhook ?? body.webhook_completed ?? undefined;
  const events = body.webhook === undefined ? ["completed" as const] : body.webhook_events_filter;
  if (asked === undefined) return undefined;
  const url = new URL(asked);
  if (url.username !== "" || url.password !== "") throw refused("no_credentials", "must not hold a name or password");
  const host = bareHost(url);
  if (isIP(host) !== 0 && !mayReach(host, context.config.fetchAllowed)) {
    throw refused("address_not_allowed", `${host} is a private address: EASEL_FETCH_ALLOW can allow it on the server`);
  }
  return { url: asked, events, origin };
}

function refused(type: string, description: string) {
  return invalidInput([{ type, field: "webhook", description }]);
}
