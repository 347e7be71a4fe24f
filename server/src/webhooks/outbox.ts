/**
 * What a run's owner is to be told, put down in the transaction of what it tells of. Nothing is sent here. A poke may come
 * before its commit: whoever it wakes reads by the same connection, and so after it.
 */
import { WebhookEvent } from "@easel/contract";
import { z } from "zod";
import { type Context, timestamp } from "../context.ts";
import type { Db } from "../db.ts";
import { newMessageId } from "../ids.ts";
import { presentAny } from "../runs/present.ts";
import type { RunRow } from "../runs/store.ts";
import { deleteUnsentDeliveries, findLastAttemptAt, insertDelivery } from "./store.ts";

/** What is poked when a message has come. */
export const WEBHOOK_TOPIC = "webhooks";
/** Messages of output, and those of logs, are at least so far apart. */
const THROTTLE_MS = 500;

/** A model process has begun with the run, for the first time. */
export async function announceStart(context: Context, tx: Db, run: RunRow): Promise<void> {
  if (run.attempt === 1 && wants(run, "start")) await insertWritten(context, tx, run, "start");
}

/** The run has ended: `run` is its row as it is now. */
export async function announceEnd(context: Context, tx: Db, run: RunRow): Promise<void> {
  await deleteUnsentDeliveries(tx, run.id);
  if (wants(run, "completed")) await insertWritten(context, tx, run, "completed");
}

/** Events of these types were committed. */
export async function announceEvents(context: Context, tx: Db, run: RunRow, types: string[]): Promise<void> {
  const isOutput = types.includes("output") || types.includes("chunk");
  if (isOutput && wants(run, "output")) await insertUnwritten(context, tx, run, "output");
  if (types.includes("log") && wants(run, "logs")) await insertUnwritten(context, tx, run, "logs");
}

/** A message's body: the run as a GET would show it now, to be read through `db`. */
export async function writeMessage(context: Context, db: Db, run: RunRow): Promise<string> {
  if (run.webhook_origin === null) throw new Error(`Run ${run.id} has no webhook.`);
  return JSON.stringify(await presentAny({ ...context, db }, run, { origin: run.webhook_origin, inline: false }));
}

function wants(run: RunRow, event: WebhookEvent): boolean {
  if (run.webhook === null) return false;
  return run.webhook_events === null || WantedEvents.parse(JSON.parse(run.webhook_events)).includes(event);
}

const WantedEvents = z.array(WebhookEvent);

async function insertWritten(context: Context, tx: Db, run: RunRow, event: "start" | "completed"): Promise<void> {
  await insert(context, tx, run, { event, body: await writeMessage(context, tx, run), next_attempt_at: context.now() });
}

async function insertUnwritten(context: Context, tx: Db, run: RunRow, event: "output" | "logs"): Promise<void> {
  const sentAt = await findLastAttemptAt(tx, run.id, event);
  await insert(context, tx, run, { event, body: null, next_attempt_at: Math.max(context.now(), sentAt + THROTTLE_MS) });
}

async function insert(
  context: Context,
  tx: Db,
  run: RunRow,
  message: { event: WebhookEvent; body: string | null; next_attempt_at: number },
): Promise<void> {
  if (run.webhook === null) return;
  const { host } = new URL(run.webhook);
  const made = { id: newMessageId(), run_id: run.id, url: run.webhook, host, created_at: timestamp(context) };
  await insertDelivery(tx, { ...made, ...message });
  context.watch.poke(WEBHOOK_TOPIC);
}
