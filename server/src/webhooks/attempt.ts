/** One attempt to deliver one message, and what follows from how it went. */
import { type Context, timestamp } from "../context.ts";
import { post, type Reply } from "../fetch/post.ts";
import { FetchRefused } from "../fetch/refusal.ts";
import { findRun } from "../runs/store.ts";
import { writeMessage } from "./outbox.ts";
import { nextAttemptAt } from "./retries.ts";
import { signedHeaders } from "./sign.ts";
import {
  type DeliveryRow,
  deleteDelivery,
  findWaitingDelivery,
  updateDeliverySent,
  updateDeliverySettled,
} from "./store.ts";

const SECONDS_MAX = 15;
const GONE = 410;

interface Message {
  row: DeliveryRow;
  body: string;
  account: string;
}

type Outcome = { reply: Reply } | { error: string };

/** Does nothing when the message waits no longer. What `stopped` cuts off is not counted, and left to the next start. */
export async function attemptDelivery(context: Context, number: number, stopped: AbortSignal): Promise<void> {
  const message = await takeMessage(context, number);
  if (message === undefined) return;
  const began = performance.now();
  const outcome = await send(context, message, stopped);
  if (stopped.aborted && "error" in outcome) return;
  await settle(context, message.row, outcome, Math.round(performance.now() - began));
}

/** Output and logs are written out now, as the run is at this moment, unless it has ended: its end tells it all. */
async function takeMessage(context: Context, number: number): Promise<Message | undefined> {
  return context.db.transaction().execute(async (tx) => {
    const row = await findWaitingDelivery(tx, number);
    const run = row === undefined ? undefined : await findRun(tx, row.run_id);
    if (row === undefined || run === undefined) return undefined;
    if (row.body === null && run.completed_at !== null) {
      await deleteDelivery(tx, number);
      return undefined;
    }
    await updateDeliverySent(tx, number, context.now(), row.event !== "completed");
    return { row, body: row.body ?? (await writeMessage(context, tx, run)), account: run.account };
  });
}

async function send(context: Context, { row, body, account }: Message, stopped: AbortSignal): Promise<Outcome> {
  const { db, config, resolveHost } = context;
  const late = AbortSignal.timeout(SECONDS_MAX * 1000);
  const signature = await signedHeaders(db, account, { id: row.id, at: context.now(), body });
  const headers = { "Content-Type": "application/json", ...signature };
  try {
    const reach = { resolveHost, allowed: config.fetchAllowed };
    return { reply: await post(reach, row.url, { headers, body }, AbortSignal.any([late, stopped])) };
  } catch (error) {
    if (late.aborted) return { error: `${row.host} did not answer within ${SECONDS_MAX} seconds.` };
    if (error instanceof FetchRefused) return { error: error.message };
    throw error;
  }
}

async function settle(context: Context, row: DeliveryRow, outcome: Outcome, milliseconds: number): Promise<void> {
  const reply = "reply" in outcome ? outcome.reply : undefined;
  const attempts = row.attempts + 1;
  const isDelivered = reply !== undefined && reply.status >= 200 && reply.status < 300;
  const isRepeated = !isDelivered && row.event === "completed" && reply?.status !== GONE;
  const next = isRepeated ? nextAttemptAt(attempts, context.now(), reply?.retryAfter) : undefined;
  await updateDeliverySettled(context.db, row.number, {
    state: isDelivered ? "delivered" : next === undefined ? "failed" : "waiting",
    attempts,
    next_attempt_at: next ?? null,
    delivered_at: isDelivered ? timestamp(context) : null,
    last_status: reply?.status ?? null,
    last_error: "error" in outcome ? outcome.error : null,
    last_reply: reply?.head ?? null,
    last_ms: milliseconds,
  });
}
