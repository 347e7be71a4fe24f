/** A run as the API shows it. The only way out for a row; links are signed here, hosts are put in front here. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  isTerminal,
  type Prediction,
  type ReportedFile,
  type RunFile,
  RunInput,
  type SentTraining,
  TrainingResult,
  WebhookEvent,
} from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { signPath } from "../files/sign.ts";
import { findModel } from "../models/store.ts";
import { attemptFolder } from "./attempt-folder.ts";
import { logTail } from "./logs.ts";
import { decodeOutput, type StoredOutput } from "./output.ts";
import type { RunRow } from "./store.ts";

/** Larger files are shown by URL even to clients that wait. */
const INLINE_BYTES_MAX = 8_000_000;
const WEB_LINK_SECONDS = 24 * 60 * 60;

export interface Showing {
  /** What absolute URLs begin with. */
  origin: string;
  /** Lists, webhooks and pages never hold data URIs. */
  inline: boolean;
}

export async function presentPrediction(context: Context, run: RunRow, showing: Showing): Promise<Prediction> {
  const output = await presentOutput(context, run, showing);
  const shown = await presentRun(context, run, showing);
  const { deployment, deadline } = run;
  return {
    ...shown,
    output,
    ...(deployment === null ? {} : { deployment }),
    ...(deadline === null ? {} : { deadline }),
  };
}

/** A prediction as everyone may see it who sees its model: without where its owner wants to be told of it. */
export async function presentExample(context: Context, run: RunRow, origin: string): Promise<Prediction> {
  const shown = await presentPrediction(context, run, { origin, inline: false });
  const { webhook: _webhook, webhook_events_filter: _filter, ...example } = shown;
  return example;
}

export async function presentTraining(context: Context, run: RunRow, showing: Showing): Promise<SentTraining> {
  const output = await presentOutput(context, run, showing);
  const destination = run.destination_id === null ? undefined : await findModel(context.db, run.destination_id);
  return {
    ...(await presentRun(context, run, showing)),
    ...(run.status === "succeeded" ? { output: TrainingResult.parse(output) } : {}),
    destination: destination === undefined ? "" : `${destination.owner}/${destination.name}`,
  };
}

/** Trainings and predictions share their ids, and each is shown as what it is; under either path there is an output. */
export async function presentAny(context: Context, run: RunRow, showing: Showing): Promise<Prediction | SentTraining> {
  if (run.kind === "prediction") return presentPrediction(context, run, showing);
  return { output: null, ...(await presentTraining(context, run, showing)) };
}

/** A file that an attempt made, with a link that needs no token and cannot be guessed. */
export function presentRunFile(
  context: Context,
  runId: string,
  attempt: number,
  file: ReportedFile,
  origin: string,
): RunFile {
  const { name, size, sha256, contentType } = file;
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  return {
    name,
    size,
    sha256,
    contentType,
    url: origin + signPath(context.signingKey, `/v1/runs/${runId}/files/${attempt}/${path}`),
  };
}

/** The link that `--web` opens: valid one day, for this run only. */
export function webLink(context: Context, runId: string, origin: string): string {
  return origin + signPath(context.signingKey, `/p/${runId}`, Math.floor(context.now() / 1000) + WEB_LINK_SECONDS);
}

/** Clients open it without a token, and take what comes for files where its path begins with /v1/files/. */
function streamLink(context: Context, runId: string, kind: "text" | "files", origin: string): string {
  return origin + signPath(context.signingKey, `/v1/${kind === "files" ? "files/" : ""}streams/${runId}`);
}

async function presentRun(context: Context, run: RunRow, { origin }: Showing) {
  const resource = `${origin}/v1/${run.kind}s/${run.id}`;
  return {
    id: run.id,
    model: run.model_asked,
    version: run.version_asked,
    input: presentInput(run, origin),
    logs: await logTail(context.db, run.id),
    error: run.error,
    status: run.status,
    created_at: run.created_at,
    data_removed: run.data_removed_at !== null,
    ...(run.started_at === null ? {} : { started_at: run.started_at }),
    ...(run.completed_at === null ? {} : { completed_at: run.completed_at }),
    metrics: presentMetrics(run),
    source: run.source,
    urls: {
      get: resource,
      cancel: `${resource}/cancel`,
      web: webLink(context, run.id, origin),
      ...(run.stream === null ? {} : { stream: streamLink(context, run.id, run.stream, origin) }),
    },
    ...presentWebhook(run),
  };
}

/** What was given as a data URI is stored by its path and shown as a file's URL. */
function presentInput(run: RunRow, origin: string): RunInput {
  return RunInput.parse(
    JSON.parse(run.input, (_name, value: unknown) =>
      typeof value === "string" && value.startsWith("/v1/files/") ? origin + value : value,
    ),
  );
}

/** As it was asked for; absent where it was not. */
function presentWebhook({ webhook, webhook_events }: RunRow): {
  webhook?: string;
  webhook_events_filter?: WebhookEvent[];
} {
  if (webhook === null) return {};
  if (webhook_events === null) return { webhook };
  return { webhook, webhook_events_filter: z.array(WebhookEvent).parse(JSON.parse(webhook_events)) };
}

function presentMetrics(run: RunRow): { predict_time?: number; total_time?: number } {
  if (!isTerminal(run.status) || run.completed_at === null) return {};
  const total_time = (Date.parse(run.completed_at) - Date.parse(run.created_at)) / 1000;
  return run.seconds === null ? { total_time } : { predict_time: run.seconds, total_time };
}

async function presentOutput(context: Context, run: RunRow, showing: Showing): Promise<Prediction["output"]> {
  const output: StoredOutput | null = decodeOutput(run.output);
  if (output === null) return null;
  if (output.kind === "value") return output.value;
  if (output.kind === "version") {
    const weights = presentRunFile(context, run.id, output.attempt, output.weights, showing.origin).url;
    return { version: output.version, weights, ...(output.step === undefined ? {} : { step: output.step }) };
  }
  const inline = showing.inline && run.inline_output === 1 && showing.origin.startsWith("http:");
  const urls = await Promise.all(
    output.files.map((file) => presentOutputFile(context, run, output.attempt, file, { ...showing, inline })),
  );
  return output.list ? urls : (urls[0] ?? null);
}

async function presentOutputFile(
  context: Context,
  run: RunRow,
  attempt: number,
  file: ReportedFile,
  showing: Showing,
): Promise<string> {
  if (!showing.inline || file.size > INLINE_BYTES_MAX)
    return presentRunFile(context, run.id, attempt, file, showing.origin).url;
  const bytes = await readFile(join(attemptFolder(context, run.id, attempt), file.path));
  return `data:${file.contentType};base64,${bytes.toString("base64")}`;
}
