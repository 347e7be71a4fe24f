/** A new run: its input checked and its files found or stored before the row exists. The row is the queue. */
import { LINE_BYTES_MAX, type RunInput } from "@easel/contract";
import { commitTogether } from "../commits.ts";
import { type Context, timestamp } from "../context.ts";
import type { Db, RunKind } from "../db.ts";
import { notFound, tooLarge, unprocessable } from "../errors.ts";
import { sizeInWords } from "../files/size.ts";
import { newRunId } from "../ids.ts";
import { requireBase } from "../models/bases.ts";
import { checkInput, fileInputs } from "../models/input.ts";
import { canPredict, canTrain, parseSchema, streamOf, type VersionSchema } from "../models/schema.ts";
import { findModel, type ModelRow } from "../models/store.ts";
import { findVersion, type VersionRow } from "../models/versions.ts";
import type { WebhookWish } from "../webhooks/wish.ts";
import { insertServerLog } from "./events.ts";
import { FETCH_TOPIC } from "./fetcher.ts";
import { upsertIdempotencyKey } from "./idempotency-keys.ts";
import { keepFiles, type TakenFiles, takeFiles } from "./input-files.ts";
import { once, type SentCreate } from "./once.ts";
import { requireRoom } from "./room.ts";
import { INPUTS, settleFiles } from "./settle-files.ts";
import { insertRun, type RunRow } from "./store.ts";

/** It goes to the model process in one line, with its files' paths: a longer one was never taken, and its run never ended. */
const INPUT_BYTES_MAX = LINE_BYTES_MAX - 100_000;

export interface CreateRequest extends SentCreate {
  input: RunInput;
  version: VersionRow;
  /** `owner/name` and version id as the client named them. */
  modelAsked: string;
  versionAsked: string;
  /** `owner/name` of the deployment that was asked, if one was. */
  deployment?: string;
  source: "api" | "web";
  /** Show outputs as data URIs where they are small: for clients that wait over plain http. */
  inlineOutput: boolean;
  webhook: WebhookWish | undefined;
  /** The client wants to open a stream, whatever the model gives. */
  stream?: boolean | undefined;
  /** Seconds after which it is canceled if it has not ended. */
  cancelAfterSeconds?: number | undefined;
}

export async function createPrediction(context: Context, request: CreateRequest): Promise<RunRow> {
  return once(context, request, async (createHash) => {
    const schema = parseSchema(request.version.schema);
    if (!canPredict(schema))
      throw unprocessable(
        "Not runnable",
        `${request.modelAsked} can be trained, but not run. Train it, and run what comes of it.`,
      );
    requireBase(context.config, request.version.base);
    return insertSettled(context, request, schema, { kind: "prediction", createHash, destination: undefined });
  });
}

/** `destination` gets the new version when the training has succeeded. */
export async function createTraining(context: Context, request: CreateRequest, destination: ModelRow): Promise<RunRow> {
  return once(context, request, async (createHash) => {
    const schema = parseSchema(request.version.schema);
    if (!canTrain(schema)) {
      throw unprocessable(
        "Not trainable",
        `${request.modelAsked} cannot be trained. Train on a base such as easel/emoji or stability-ai/sdxl.`,
      );
    }
    requireBase(context.config, request.version.base);
    await requireRoom(context, request.version, schema, request.input);
    return insertSettled(context, request, schema, { kind: "training", createHash, destination });
  });
}

/** What is still to be fetched is looked at when it is here; all else now, so that a refusal is the answer. */
async function insertSettled(
  context: Context,
  request: CreateRequest,
  schema: VersionSchema,
  run: Pick<NewRun, "kind" | "createHash" | "destination">,
): Promise<RunRow> {
  const taken = await takeInput(context, request, schema, INPUTS[run.kind]);
  if (Object.keys(taken.fetches).length > 0) return insert(context, request, { ...run, ...taken, log: undefined });
  const settled = await settleFiles(context, {
    ...run,
    ...taken,
    account: request.account,
    program: request.version.program,
    schema,
  });
  return insert(context, request, { ...run, ...taken, ...settled });
}

async function takeInput(
  context: Context,
  { account, input }: CreateRequest,
  schema: VersionSchema,
  component: "Input" | "TrainingInput",
): Promise<TakenFiles> {
  const given = withEditsAsFile(schema, component, input);
  const taken = await takeFiles(context, account, schema, component, checkInput(schema, component, given));
  const bytes = Buffer.byteLength(JSON.stringify(taken.input));
  if (bytes <= INPUT_BYTES_MAX) return taken;
  throw tooLarge(
    `The input takes ${sizeInWords(bytes)} without its files, and ${sizeInWords(INPUT_BYTES_MAX)} is the most. Make its texts shorter.`,
  );
}

/** Edits may be given as they are; the model reads a file. */
function withEditsAsFile(schema: VersionSchema, component: "Input" | "TrainingInput", input: RunInput): RunInput {
  const { edits } = input;
  if (typeof edits !== "object" || edits === null) return input;
  if (schema.components.schemas[component] === undefined || !fileInputs(schema, component).includes("edits"))
    return input;
  const json = Buffer.from(JSON.stringify(edits)).toString("base64");
  return { ...input, edits: `data:application/json;base64,${json}` };
}

async function insert(context: Context, request: CreateRequest, run: NewRun): Promise<RunRow> {
  const at = timestamp(context);
  await keepFiles(context, run.files);
  const row = await commitTogether(context.db, async (tx) => {
    await requireStillThere(tx, request, run);
    const inserted = await insertRun(tx, {
      id: newRunId(),
      account: request.account,
      kind: run.kind,
      status: "starting",
      version_id: request.version.id,
      version_asked: request.versionAsked,
      model_asked: request.modelAsked,
      destination_id: run.destination?.id ?? null,
      input: JSON.stringify(run.input),
      files: JSON.stringify(run.files),
      fetches: Object.keys(run.fetches).length === 0 ? null : JSON.stringify(run.fetches),
      source: request.source,
      inline_output: request.inlineOutput ? 1 : 0,
      deployment: request.deployment,
      create_hash: run.createHash,
      webhook: request.webhook?.url,
      webhook_events: request.webhook?.events && JSON.stringify(request.webhook.events),
      webhook_origin: request.webhook?.origin,
      stream: run.kind === "prediction" ? streamOf(parseSchema(request.version.schema), request.stream) : null,
      deadline: deadlineOf(context, request),
      created_at: at,
    });
    if (request.idempotencyKey !== undefined) {
      const { account, idempotencyKey: key } = request;
      await upsertIdempotencyKey(tx, { account, key, run_id: inserted.id, created_at: at });
    }
    if (run.log !== undefined) await insertServerLog(tx, inserted.id, run.log, at);
    return inserted;
  });
  context.watch.poke(row.fetches === null ? "queue" : FETCH_TOPIC);
  return row;
}

function deadlineOf(context: Context, { cancelAfterSeconds }: CreateRequest): string | null {
  if (cancelAfterSeconds === undefined) return null;
  return new Date(context.now() + cancelAfterSeconds * 1000).toISOString();
}

/** Version and destination were found before files were taken; meanwhile they may have been deleted. */
async function requireStillThere(tx: Db, request: CreateRequest, run: NewRun): Promise<void> {
  const destination = run.destination && (await findModel(tx, run.destination.id));
  if (destination !== undefined && destination.deleted_at !== null)
    throw notFound("The specified training destination does not exist");
  if ((await findVersion(tx, request.version.id)) === undefined) throw notFound();
}

interface NewRun extends TakenFiles {
  kind: RunKind;
  createHash: string;
  destination: ModelRow | undefined;
  /** What the server says first in the run's log. */
  log: string | undefined;
}
