/** `Prefer: wait`: holds a reply until the run has ended or the client's time is over. */
import { isTerminal } from "@easel/contract";
import type { Context as Request } from "hono";
import { endWithToken } from "../accounts/tokens.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { badRequest, unauthenticated } from "../errors.ts";
import { findRun, type RunRow } from "../runs/store.ts";

const SECONDS_MAX = 60;
/** The clients' own patience ends with the 60th second. */
const MS_MAX = 59_500;

/** The seconds asked for; undefined when the client does not wait. Throws 400 for a number out of bounds. */
export function readPreference(c: Request<Env>): number | undefined {
  const header = c.req.header("prefer");
  if (header === undefined) return undefined;
  const match = /^\s*wait\s*(?:=\s*(\d+)\s*)?$/i.exec(header);
  if (match === null) return undefined;
  const seconds = Number(match[1] ?? SECONDS_MAX);
  if (seconds < 1 || seconds > SECONDS_MAX) throw badRequest(`Prefer: wait takes 1 to ${SECONDS_MAX} seconds.`);
  return seconds;
}

/**
 * The run as it is when it has ended, when the time is over, when the client has gone away, or the server is stopping.
 * Throws 401 once the token of the request is no longer taken.
 */
export async function waitForEnd(context: Context, c: Request<Env>, run: RunRow, seconds: number): Promise<RunRow> {
  const over = new AbortController();
  void endWithToken(context, c.get("tokenHash"), over);
  try {
    const seen = await wait(context, run, seconds, AbortSignal.any([c.req.raw.signal, over.signal, context.stopping]));
    if (!over.signal.aborted) return seen;
  } finally {
    over.abort();
  }
  throw unauthenticated(
    "The API token of this request has ended while it waited. The prediction goes on: look at it with another token.",
  );
}

async function wait(context: Context, run: RunRow, seconds: number, over: AbortSignal): Promise<RunRow> {
  const until = performance.now() + Math.min(seconds * 1000, MS_MAX);
  let current = run;
  while (!isTerminal(current.status) && !over.aborted) {
    const left = until - performance.now();
    if (left <= 0) break;
    const changed = context.watch.next(run.id, left, over);
    current = (await findRun(context.db, run.id)) ?? current;
    if (!isTerminal(current.status)) await changed;
  }
  return current;
}
