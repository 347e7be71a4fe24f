/**
 * A typed client of Easel's HTTP API, for Node and browsers. Every reply is checked against its schema. Deleting something gives
 * the number of bytes that this frees.
 */
import { z } from "zod";
import { Account, type SignIn } from "./account.ts";
import { ArtifactPage } from "./artifact.ts";
import { BaseList } from "./base.ts";
import { Collection, CollectionPage } from "./collection.ts";
import { type CreateDeployment, Deployment, DeploymentPage, type UpdateDeployment } from "./deployment.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import type { RunEvent } from "./events.ts";
import { File, FilePage } from "./file.ts";
import { type FollowOptions, followEvents } from "./follow.ts";
import { HardwareList } from "./hardware.ts";
import { Machine } from "./machine.ts";
import { type CreateModel, Model, ModelPage, type UpdateModel } from "./model.ts";
import type { Page } from "./page.ts";
import { type CreateModelPrediction, type CreatePrediction, Prediction, PredictionPage } from "./prediction.ts";
import { PreflightReport, type PreflightRequest } from "./preflight.ts";
import { SearchResult } from "./search.ts";
import { FREES_HEADER, GarbageReport } from "./space.ts";
import { AccountList, type CreateAccount, type CreateToken, NewAccount, NewToken, TokenPage } from "./token.ts";
import { type CreateTraining, Training, TrainingPage } from "./training.ts";
import { multipart, type Upload } from "./upload.ts";
import { type CreateVersion, ModelCard, Version, VersionPage } from "./version.ts";
import { WebhookDelivery, WebhookDeliveryPage, WebhookSecret } from "./webhook.ts";
import type { WeightsQuery } from "./weights.ts";

export type { Upload };

export interface ClientOptions {
  /** The server's address, with or without `/v1`. */
  baseUrl: string;
  /** Left out in a page of the server's own, which has a session. */
  token?: string;
  /** Instead of a token: the query of a run's link, which reads that run alone. */
  runLink?: string;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** `next` of an earlier page, to go on from there. */
export interface ListOptions {
  next?: string;
  signal?: AbortSignal;
}

export interface CreateOptions {
  /** Seconds (1 to 60) for which the server may wait for the end before it answers. */
  waitSeconds?: number;
  signal?: AbortSignal;
}

export type Client = ReturnType<typeof createClient>;

/** Makes a client. Its calls throw ApiError where the server refuses and ConnectionError where it does not answer. */
export function createClient(options: ClientOptions) {
  const send = sender(options);
  const { call, list, remove } = calls(send);
  return {
    account: { get: (signal?: AbortSignal) => call(Account, "GET", "/account", { signal }) },
    /** For whoever runs the server. */
    accounts: {
      create: (body: CreateAccount) => call(NewAccount, "POST", "/accounts", { json: body }),
      list: () => call(AccountList, "GET", "/accounts"),
    },
    tokens: {
      create: (body: CreateToken) => call(NewToken, "POST", "/tokens", { json: body }),
      list: (from?: ListOptions) => list(TokenPage, "/tokens", from),
      revoke: (id: string) => call(Nothing, "DELETE", path`/tokens/${id}`),
    },
    /** For pages: the browser keeps what comes, out of reach of scripts. */
    session: {
      create: (body: SignIn) => call(Account, "POST", "/session", { json: body }),
      delete: () => call(Nothing, "DELETE", "/session"),
    },
    bases: {
      list: () => call(BaseList, "GET", "/bases"),
      /** Looks again at what was got and added on the server's machine. */
      refresh: () => call(BaseList, "POST", "/bases"),
    },
    /** Frees what nothing needs any more, or says what it would free. */
    collectGarbage: (dryRun: boolean) => call(GarbageReport, "POST", "/gc", { json: { dry_run: dryRun } }),
    hardware: { list: (signal?: AbortSignal) => call(HardwareList, "GET", "/hardware", { signal }) },
    machine: { get: (signal?: AbortSignal) => call(Machine, "GET", "/machine", { signal }) },
    models: {
      create: (body: CreateModel) => call(Model, "POST", "/models", { json: body }),
      get: (owner: string, name: string) => call(Model, "GET", path`/models/${owner}/${name}`),
      list: (from?: ListOptions) => list(ModelPage, "/models", from),
      /** What is not given stays as it is. */
      update: (owner: string, name: string, body: UpdateModel) =>
        call(Model, "PATCH", path`/models/${owner}/${name}`, { json: body }),
      delete: (owner: string, name: string) => remove(path`/models/${owner}/${name}`),
      /** Models that hold all of these words. */
      search: (words: string) =>
        call(ModelPage, "QUERY", "/models", { body: words, headers: { "Content-Type": "text/plain" } }),
      readme: async (owner: string, name: string) => (await send("GET", path`/models/${owner}/${name}/readme`)).text(),
      /** Predictions that the owner shows, the default one first. */
      examples: (owner: string, name: string, from?: ListOptions) =>
        list(PredictionPage, path`/models/${owner}/${name}/examples`, from),
      addExample: (owner: string, name: string, prediction: string) =>
        call(Prediction, "PUT", path`/models/${owner}/${name}/examples/${prediction}`),
      removeExample: (owner: string, name: string, prediction: string) =>
        call(Nothing, "DELETE", path`/models/${owner}/${name}/examples/${prediction}`),
    },
    collections: {
      get: (slug: string) => call(Collection, "GET", path`/collections/${slug}`),
      list: (from?: ListOptions) => list(CollectionPage, "/collections", from),
    },
    /** Models and collections that hold these words, the best match first; at most `limit` models, 1 to 50. */
    search: (words: string, limit = 20) =>
      call(SearchResult, "GET", `/search?${new URLSearchParams({ query: words, limit: String(limit) })}`),
    versions: {
      /** Publishes a Cog model's folder that lies on the server's machine; for whoever runs the server. */
      create: (owner: string, name: string, body: CreateVersion) =>
        call(Version, "POST", path`/models/${owner}/${name}/versions`, { json: body }),
      get: (owner: string, name: string, id: string) =>
        call(Version, "GET", path`/models/${owner}/${name}/versions/${id}`),
      list: (owner: string, name: string, from?: ListOptions) =>
        list(VersionPage, path`/models/${owner}/${name}/versions`, from),
      delete: (owner: string, name: string, id: string) => remove(path`/models/${owner}/${name}/versions/${id}`),
      /** How a trained version was made. */
      card: (owner: string, name: string, id: string) =>
        call(ModelCard, "GET", path`/models/${owner}/${name}/versions/${id}/card`),
      /** The file of trained weights; `headers` may hold a Range. */
      weights: (owner: string, name: string, id: string, query: Partial<WeightsQuery>, init: Call = {}) =>
        send("GET", path`/models/${owner}/${name}/versions/${id}/weights` + search(query), init),
    },
    files: {
      create: (upload: Upload, signal?: AbortSignal) => call(File, "POST", "/files", { ...multipart(upload), signal }),
      get: (id: string) => call(File, "GET", path`/files/${id}`),
      list: (from?: ListOptions) => list(FilePage, "/files", from),
      delete: (id: string) => remove(path`/files/${id}`),
    },
    /** What a training would make of an archive; no run is created. */
    preflight: (body: PreflightRequest) => call(PreflightReport, "POST", "/preflight", { json: body }),
    trainings: {
      create: (owner: string, name: string, version: string, body: CreateTraining) =>
        call(Training, "POST", path`/models/${owner}/${name}/versions/${version}/trainings`, { json: body }),
      get: (id: string) => call(Training, "GET", path`/trainings/${id}`),
      list: (from?: ListOptions) => list(TrainingPage, "/trainings", from),
      cancel: (id: string) => call(Training, "POST", path`/trainings/${id}/cancel`),
    },
    predictions: {
      create: (body: CreatePrediction, wait?: CreateOptions) =>
        call(Prediction, "POST", "/predictions", { json: body, ...preferences(wait) }),
      createForModel: (owner: string, name: string, body: CreateModelPrediction, wait?: CreateOptions) =>
        call(Prediction, "POST", path`/models/${owner}/${name}/predictions`, { json: body, ...preferences(wait) }),
      get: (id: string) => call(Prediction, "GET", path`/predictions/${id}`),
      list: (from?: ListOptions) => list(PredictionPage, "/predictions", from),
      cancel: (id: string) => call(Prediction, "POST", path`/predictions/${id}/cancel`),
    },
    deployments: {
      create: (body: CreateDeployment) => call(Deployment, "POST", "/deployments", { json: body }),
      get: (owner: string, name: string) => call(Deployment, "GET", path`/deployments/${owner}/${name}`),
      list: (from?: ListOptions) => list(DeploymentPage, "/deployments", from),
      /** Makes a new release; what is not given stays as it is. */
      update: (owner: string, name: string, body: UpdateDeployment) =>
        call(Deployment, "PATCH", path`/deployments/${owner}/${name}`, { json: body }),
      delete: (owner: string, name: string) => call(Nothing, "DELETE", path`/deployments/${owner}/${name}`),
      predict: (owner: string, name: string, body: CreateModelPrediction, wait?: CreateOptions) =>
        call(Prediction, "POST", path`/deployments/${owner}/${name}/predictions`, {
          json: body,
          ...preferences(wait),
        }),
    },
    runs: {
      /** Whichever of the two it is. */
      get: (id: string) => call(AnyRun, "GET", path`/predictions/${id}`),
      /** A run's whole log, of which `logs` holds the last megabyte. */
      log: (id: string) => send("GET", path`/runs/${id}/logs`),
      /** Every file that a run has made. */
      artifacts: (id: string) => call(ArtifactPage, "GET", path`/runs/${id}/artifacts`),
      /** Ends a training early and keeps what it has learnt. */
      stopAndKeep: (id: string) => call(Training, "POST", path`/runs/${id}/stop-and-keep`),
      /** Asks a training for a training state after the step under way. */
      saveState: (id: string) => call(Training, "POST", path`/runs/${id}/save-state`),
      /** Publishes a training's snapshot as a version of its destination. One of that step that is there is answered. */
      publishSnapshot: (id: string, step: number) =>
        call(Version, "POST", path`/runs/${id}/snapshots/${String(step)}/publish`),
      /** What it was given and has made is removed; that there was such a run stays, and so does what it published. */
      delete: (id: string) => remove(path`/runs/${id}`),
      /** A run's events up to its end, over as many connections as it takes. */
      events: (id: string, follow?: FollowOptions): AsyncGenerator<RunEvent> =>
        followEvents((after, signal) => send("GET", path`/runs/${id}/events`, eventStream(after, signal)), follow),
    },
    webhooks: {
      secret: () => call(WebhookSecret, "GET", "/webhooks/default/secret"),
      /** Makes a new secret. For a day messages are signed with the old one too. */
      rotateSecret: () => call(WebhookSecret, "POST", "/webhooks/default/secret"),
      /** What became of each message, newest first. */
      deliveries: (from?: ListOptions) => list(WebhookDeliveryPage, "/webhooks/deliveries", from),
      /** One message with its body. */
      delivery: (id: string) => call(WebhookDelivery, "GET", path`/webhooks/deliveries/${id}`),
      /** Sends a `start` or `completed` message again, under the id that it has. */
      resend: (id: string) => call(WebhookDelivery, "POST", path`/webhooks/deliveries/${id}/resend`),
    },
    /** Fetches a file by the URL that a reply gave; the token goes along only to the server itself. */
    download: (url: string, signal?: AbortSignal) => send("GET", url, { signal }),
  };
}

interface Call extends RequestInit {
  json?: unknown;
  signal?: AbortSignal;
}

type Send = (method: string, path: string, init?: Call) => Promise<Response>;

function sender({ baseUrl, token, runLink, fetch = globalThis.fetch }: ClientOptions): Send {
  const authorization = token ? `Bearer ${token}` : runLink && `RunLink ${runLink}`;
  const root = baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "");
  const host = new URL(root).host;
  return async (method, path, { json, headers, ...init } = {}) => {
    const url = path.startsWith("/") ? `${root}/v1${path}` : path;
    const sent = new Headers(headers);
    const isOwn = url.startsWith("http") && new URL(url).host === host;
    if (isOwn && authorization) sent.set("Authorization", authorization);
    if (json !== undefined) sent.set("Content-Type", "application/json");
    const body = json === undefined ? init.body : JSON.stringify(json);
    let response: Response;
    try {
      response = await fetch(url, { ...init, method, headers: sent, body });
    } catch (error) {
      init.signal?.throwIfAborted();
      throw new ConnectionError(url, error);
    }
    if (!response.ok) throw await ApiError.fromResponse(response);
    return response;
  };
}

const Nothing = z.undefined();
const AnyRun = z.union([Training, Prediction]);

function calls(send: Send) {
  async function call<Schema extends z.ZodType>(schema: Schema, method: string, path: string, init?: Call) {
    const response = await send(method, path, init);
    const text = await response.text();
    const reply = schema.safeParse(text === "" ? undefined : JSON.parse(text));
    if (reply.success) return reply.data;
    throw new Error(`The reply to ${method} ${path} is not what it should be:\n${z.prettifyError(reply.error)}`);
  }

  /** One page; its `next` leads to the one behind it. */
  async function list<Item>(schema: z.ZodType<Page<Item>>, path: string, { next, signal }: ListOptions = {}) {
    return call(schema, "GET", next ?? path, { signal });
  }

  async function remove(path: string): Promise<number> {
    const { headers } = await send("DELETE", path);
    return Number(headers.get(FREES_HEADER) ?? 0);
  }

  return { call, list, remove };
}

function preferences({ waitSeconds, signal }: CreateOptions = {}): Call {
  return { signal, headers: waitSeconds === undefined ? {} : { Prefer: `wait=${waitSeconds}` } };
}

function eventStream(after: number | undefined, signal: AbortSignal): Call {
  const headers = { Accept: "text/event-stream", "Cache-Control": "no-store" };
  return { signal, headers: after === undefined ? headers : { ...headers, "Last-Event-ID": String(after) } };
}

/** A path whose parts are escaped, so that no name can step out of its place. */
function path(strings: TemplateStringsArray, ...parts: string[]): string {
  return String.raw({ raw: strings }, ...parts.map(encodeURIComponent));
}

/** A query with what is given. */
function search(values: object): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const texts = Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
  return given.length === 0 ? "" : `?${new URLSearchParams(texts)}`;
}
