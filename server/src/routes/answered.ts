/** Notes that the reply to a create has left, so that an equal request is a new one from then on. */
import type { Context as Request } from "hono";
import { commitTogether } from "../commits.ts";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { updateRunAnswered } from "../runs/store.ts";

/** A connection that breaks before its reply is written leaves the create unanswered: its client will ask again. */
export function noteAnswer(context: Context, c: Request<Env>, runId: string): void {
  const note = () => {
    context.answeredRuns.add(runId);
    commitTogether(context.db, (tx) => updateRunAnswered(tx, runId, timestamp(context)))
      .catch((error) => context.log.error({ error }, "an answer could not be noted"))
      .finally(() => context.answeredRuns.delete(runId));
  };
  const outgoing = c.env?.outgoing;
  if (outgoing === undefined) note();
  else outgoing.once("finish", note);
}
