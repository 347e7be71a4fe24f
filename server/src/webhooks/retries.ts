/** When a message that could not be delivered is tried again. Pure: times come in and go out in milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Within the first minute as Replicate does, then as Standard Webhooks advises: 13 attempts in 75 hours and a half. */
const DELAYS_MS = [
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  25 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
/** A receiver may ask for more patience, but not for more than this. */
const RETRY_AFTER_MS_MAX = 24 * HOUR;

/** The time of the next attempt after `attempts` failed ones; undefined when they were all. */
export function nextAttemptAt(attempts: number, now: number, retryAfter: string | undefined): number | undefined {
  const delay = DELAYS_MS[attempts - 1];
  return delay === undefined ? undefined : now + Math.max(delay, readRetryAfter(retryAfter, now));
}

/** The header's seconds or date, as milliseconds from now; 0 where it is neither. */
function readRetryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  const asked = /^\s*\d+\s*$/.test(text) ? Number(text) * SECOND : Date.parse(text) - now;
  return Number.isNaN(asked) ? 0 : Math.min(Math.max(0, asked), RETRY_AFTER_MS_MAX);
}
