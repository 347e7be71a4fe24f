/** A new run: its input checked and its files found or stored before the row exists. The row is the queue. */
import type { PreflightReport, RunInput } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import type { RunKind } from "../db.ts";
import { type HttpError, invalidInput, unprocessable } from "../errors.ts";
import { newRunId, sha256Hex } from "../ids.ts";
import { readArchive } from "../intake/archive.ts";
import { requireBase } from "../models/builtin.ts";
import { checkInput } from "../models/input.ts";
import { canPredict, canTrain, parseSchema } from "../models/schema.ts";
import type { ModelRow } from "../models/store.ts";
import type { VersionRow } from "../models/versions.ts";
import { inspectArchive, settingsOf } from "../preflight/preflight.ts";
import type { RunFiles } from "./claim.ts";
import { insertServerLog } from "./events.ts";
import { takeFiles } from "./input-files.ts";
import { findUnansweredRun, insertRun, type RunRow } from "./store.ts";

/** How long a create that was never answered is taken for the same as an equal one. */
const SAME_CREATE_MS = 60_000;

export interface CreateRequest {
  account: string;
  tokenHash: string;
  /** Path and body as they came: with the token they tell a repeated request from a new one. */
  path: string;
  body: string;
  input: RunInput;
  version: VersionRow;
  /** `owner/name` and version id as the client named them. */
  modelAsked: string;
  versionAsked: string;
  /** Show outputs as data URIs where they are small: for clients that wait over plain http. */
  inlineOutput: boolean;
}

export async function createPrediction(context: Context, request: CreateRequest): Promise<RunRow> {
  return once(context, request, async (createHash) => {
    const schema = parseSchema(request.version.schema);
    if (!canPredict(schema)) throw unprocessable("Not runnable", `${request.modelAsked} can be trained, but not run.`);
    requireBase(context.config, request.version.base);
    const { input, files } = await takeFiles(
      context,
      request.account,
      schema,
      "Input",
      checkInput(schema, "Input", request.input),
    );
    return insert(context, request, {
      kind: "prediction",
      createHash,
      input,
      files,
      destination: undefined,
      log: undefined,
    });
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
    const taken = await takeFiles(
      context,
      request.account,
      schema,
      "TrainingInput",
      checkInput(schema, "TrainingInput", request.input),
    );
    const archive = taken.files.input_images;
    if (archive === undefined) throw imagesMissing();
    const canonical = await readArchive(context, archive.sha256);
    const files = { ...taken.files, input_images: { sha256: canonical.sha256 } };
    return insert(context, request, {
      kind: "training",
      createHash,
      input: taken.input,
      files,
      destination,
      log: intakeLog(await inspectArchive(context, canonical, settingsOf(schema, taken.input))),
    });
  });
}

/** What the user should know of how the archive was read, as the first words of the training's log. */
function intakeLog({ used, skipped, advice }: PreflightReport): string {
  const summary = `${used.length} images read from the archive`;
  return [
    skipped.length === 0 ? `${summary}.` : `${summary}, ${skipped.length} entries skipped:`,
    ...skipped.map(({ file, reason, fix }) => `  ${file}: ${fix === null ? reason : `${reason}. ${fix}`}`),
    ...advice,
  ].join("\n");
}

function imagesMissing(): HttpError {
  return invalidInput([
    { type: "required", field: "input.input_images", description: "input_images is required: a zip or tar of images" },
  ]);
}

/**
 * One run for a request that is sent twice because its connection broke: the equal one that was never answered,
 * whether it is still being made, waits in the queue, or was made before the server was started again.
 */
async function once(
  context: Context,
  request: CreateRequest,
  create: (createHash: string) => Promise<RunRow>,
): Promise<RunRow> {
  const createHash = sha256Hex(`${request.tokenHash}\n${request.path}\n${request.body}`);
  const since = new Date(context.now() - SAME_CREATE_MS).toISOString();
  const pending = context.pendingCreates.get(createHash);
  if (pending !== undefined) return pending;
  const creating = findUnansweredRun(context.db, createHash, since).then((run) => run ?? create(createHash));
  context.pendingCreates.set(createHash, creating);
  try {
    return await creating;
  } finally {
    context.pendingCreates.delete(createHash);
  }
}

async function insert(context: Context, request: CreateRequest, run: NewRun): Promise<RunRow> {
  const at = timestamp(context);
  const row = await context.db.transaction().execute(async (tx) => {
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
      source: "api",
      inline_output: request.inlineOutput ? 1 : 0,
      create_hash: run.createHash,
      created_at: at,
    });
    if (run.log !== undefined) await insertServerLog(tx, inserted.id, run.log, at);
    return inserted;
  });
  context.watch.poke("queue");
  return row;
}

interface NewRun {
  kind: RunKind;
  createHash: string;
  input: RunInput;
  files: RunFiles;
  destination: ModelRow | undefined;
  /** What the server says first in the run's log. */
  log: string | undefined;
}
