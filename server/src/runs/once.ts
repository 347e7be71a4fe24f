/** One run for a create that is sent again: by the key that its client gave it, or because its connection broke. */
import type { Context } from "../context.ts";
import { unprocessable } from "../errors.ts";
import { sha256Hex } from "../ids.ts";
import { findRunOfKey } from "./idempotency-keys.ts";
import { findUnansweredRun, type RunRow } from "./store.ts";
import { type Reply, SAME_CREATE_MS } from "./unanswered.ts";

/** How long a key is remembered. */
export const KEY_MS = 24 * 60 * 60 * 1000;

export interface SentCreate {
  account: string;
  tokenHash: string;
  /** Path and body as they came: with the token they tell a repeated request from a new one. */
  path: string;
  body: string;
  /** The client's own name for it. */
  idempotencyKey: string | undefined;
  /** To this request. */
  reply: Reply;
}

/** The row of the run is made by `create`, which is called once for however many equal requests. Throws what it throws. */
export function once(
  context: Context,
  sent: SentCreate,
  create: (createHash: string) => Promise<RunRow>,
): Promise<RunRow> {
  const { idempotencyKey: key } = sent;
  return key === undefined ? onceUnanswered(context, sent, create) : onceByKey(context, sent, key, create);
}

/** The equal request whose connection broke, whether its run is still being made, or was made by the server before. */
function onceUnanswered(
  context: Context,
  { tokenHash, path, body, reply }: SentCreate,
  create: (createHash: string) => Promise<RunRow>,
): Promise<RunRow> {
  const createHash = sha256Hex(`${tokenHash}\n${path}\n${body}`);
  return context.unanswered.share(createHash, reply, async (isAlone) => {
    const since = new Date(context.now() - SAME_CREATE_MS).toISOString();
    const run = isAlone ? await findUnansweredRun(context.db, createHash, since) : undefined;
    return run === undefined || context.answeredRuns.has(run.id) ? create(createHash) : run;
  });
}

/** The run that this account's key stands for. Throws 422 where the key was given to another request within a day. */
async function onceByKey(
  context: Context,
  sent: SentCreate,
  key: string,
  create: (createHash: string) => Promise<RunRow>,
): Promise<RunRow> {
  const name = `${sent.account}\n${key}`;
  const createHash = sha256Hex(`${name}\n${sent.path}\n${sent.body}`);
  const run = await together(context, name, async () => {
    const since = new Date(context.now() - KEY_MS).toISOString();
    return (await findRunOfKey(context.db, { account: sent.account, key, since })) ?? create(createHash);
  });
  if (run.create_hash === createHash) return run;
  throw unprocessable(
    "Key in use",
    `The Idempotency-Key ${key} was given to another request within the last day. Take a new key for each create.`,
  );
}

/** Requests of one name wait for the first of them and share what comes of it. */
async function together(context: Context, name: string, make: () => Promise<RunRow>): Promise<RunRow> {
  const pending = context.pendingCreates.get(name);
  if (pending !== undefined) return pending;
  const making = make();
  context.pendingCreates.set(name, making);
  try {
    return await making;
  } finally {
    context.pendingCreates.delete(name);
  }
}
