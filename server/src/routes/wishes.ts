/** What a create wishes beside its input: to be canceled when it takes too long, and to be known again when it is repeated. */
import type { Context as Request } from "hono";
import { readDuration } from "../duration.ts";
import type { Env } from "../env.ts";
import { badRequest, invalidInput } from "../errors.ts";

const CANCEL_AFTER_SECONDS_MIN = 5;
const KEY_LENGTH_MAX = 255;

/**
 * The seconds after which a prediction is to be canceled: from the header `Cancel-After`, or the older `lifetime` of
 * the body. Throws 400 or 422 for one that cannot be read, or is under five seconds.
 */
export function readCancelAfter(c: Request<Env>, lifetime: string | undefined): number | undefined {
  const header = c.req.header("cancel-after");
  const text = header ?? lifetime;
  if (text === undefined) return undefined;
  const seconds = readDuration(text);
  if (seconds !== undefined && seconds >= CANCEL_AFTER_SECONDS_MIN) return seconds;
  const words = `must be a time of at least ${CANCEL_AFTER_SECONDS_MIN} seconds, such as 30s, 5m or 1h30m`;
  if (header !== undefined) throw badRequest(`Cancel-After ${words}.`);
  throw invalidInput([{ type: "format", field: "lifetime", description: `lifetime ${words}` }]);
}

/** The `Idempotency-Key`, where there is one. Throws 400 for one that is empty or too long. */
export function readIdempotencyKey(c: Request<Env>): string | undefined {
  const key = c.req.header("idempotency-key");
  if (key === undefined || (key.length > 0 && key.length <= KEY_LENGTH_MAX)) return key;
  throw badRequest(`Idempotency-Key must be 1 to ${KEY_LENGTH_MAX} characters long.`);
}
