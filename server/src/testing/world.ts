/**
 * A world for one test: a data folder, a database, two accounts with tokens, the app, and, when asked for, real model
 * processes. All of it goes away when the test ends.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hono } from "hono";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { ensureFirstAccount } from "../accounts/first.ts";
import { Guesses } from "../accounts/guesses.ts";
import { insertAccount as storeAccount } from "../accounts/store.ts";
import { issueToken } from "../accounts/tokens.ts";
import { createApp } from "../app.ts";
import { type Config, readConfig } from "../config.ts";
import { type Context, timestamp } from "../context.ts";
import { openDb } from "../db.ts";
import type { Env } from "../env.ts";
import type { ResolveHost } from "../fetch/dial.ts";
import { BlobStore } from "../files/blobs.ts";
import { newToken, sha256Hex } from "../ids.ts";
import { BUILTINS, type Builtin, ensureBuiltins } from "../models/builtin.ts";
import type { Device } from "../processes/devices.ts";
import { signalGroup } from "../processes/identity.ts";
import { listLivingProcesses } from "../processes/store.ts";
import { Supervisor } from "../processes/supervise.ts";
import { InputFetcher } from "../runs/fetcher.ts";
import { UnansweredCreates } from "../runs/unanswered.ts";
import { Watch } from "../runs/watch.ts";
import { WebhookDeliverer } from "../webhooks/deliver.ts";

export const ECHO: Builtin = {
  owner: "easel",
  name: "echo",
  description: "Gives back what it is given.",
  program: "models/echo",
  base: null,
  schema: "models/echo/openapi.json",
  needs: "cpu",
  versionId: sha256Hex("easel/echo 1"),
  aliases: [],
};

/** Gives a text word by word. */
export const WORDS: Builtin = {
  ...ECHO,
  name: "words",
  description: "Gives a text back word by word.",
  program: "e2e/models/words",
  schema: "e2e/models/words/openapi.json",
  versionId: sha256Hex("easel/words 1"),
};

/** Gives files one by one. */
export const PAGES: Builtin = {
  ...ECHO,
  name: "pages",
  description: "Gives files one by one.",
  program: "e2e/models/pages",
  schema: "e2e/models/pages/openapi.json",
  versionId: sha256Hex("easel/pages 1"),
};

const CPU: Device = { name: "cpu", kind: "cpu", label: "CPU", memoryBytes: 8e9, processesMax: 2 };

export interface World {
  app: Hono<Env>;
  context: Context;
  /** Of the account `you`. */
  token: string;
  /** Of the account `someone`. */
  otherToken: string;
  /** A request with the token of `you`; `body` goes as JSON. */
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;
}

export interface WorldOptions {
  config?: Partial<Config>;
  builtins?: Builtin[];
  devices?: Device[];
  /** Start model processes for runs. Without it runs stay in the queue. */
  processes?: boolean;
  now?: () => number;
  /** The names that URLs may hold, and their addresses; there are none without it. */
  resolveHost?: ResolveHost;
  /** Fetch the URLs among inputs. Without it runs wait for them. */
  fetching?: boolean;
  /** Send webhooks. Without it they wait. */
  webhooks?: boolean;
  /** Keep the database in the data folder, where its bytes can be looked at; in memory without it. */
  databaseFile?: boolean;
}

/** `settings` are as in the environment. */
export async function makeWorld(settings: Record<string, string> = {}, options: WorldOptions = {}): Promise<World> {
  const context = await makeContext(settings, options);
  const machine = { builtins: options.builtins ?? [...BUILTINS, ECHO], devices: options.devices ?? [CPU] };
  await ensureBuiltins(context, machine.builtins);
  if (options.processes) await startProcesses(context, machine);
  if (options.fetching) startFetching(context);
  if (options.webhooks) startDelivering(context);
  const app = createApp(context, machine);
  const token = context.config.token ?? "";
  const otherToken = await insertAccount(context, "someone");
  const call: World["call"] = async (method, path, body, headers = {}) => {
    const sent = {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    };
    return app.request(path, { method, headers: sent, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  };
  return { app, context, token, otherToken, call };
}

async function makeContext(settings: Record<string, string>, options: WorldOptions): Promise<Context> {
  const folder = await mkdtemp(join(tmpdir(), "easel-test-"));
  const given = { EASEL_DATA: folder, EASEL_ACCOUNT: "you", EASEL_TOKEN: newToken(), EASEL_LOG_LEVEL: "silent" };
  const environment = { ...given, ...settings };
  const config = { ...readConfig(environment), ...options.config };
  const db = await openDb(options.databaseFile ? join(folder, "easel.db") : ":memory:");
  const stopping = new AbortController();
  onTestFinished(async () => {
    stopping.abort();
    await db.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  const context: Context = {
    config,
    db,
    blobs: await BlobStore.open(folder),
    watch: new Watch(),
    log: pino({ level: config.logLevel }),
    pendingCreates: new Map(),
    unanswered: new UnansweredCreates(),
    answeredRuns: new Set(),
    guesses: new Guesses(),
    signingKey: Buffer.alloc(32, 7),
    now: options.now ?? Date.now,
    resolveHost: options.resolveHost ?? (async () => []),
    stopping: stopping.signal,
  };
  await ensureFirstAccount(context);
  return context;
}

/** Runs before the database is closed: hooks of a test run last in, first out. */
async function startProcesses(context: Context, machine: { builtins: Builtin[]; devices: Device[] }): Promise<void> {
  const supervisor = new Supervisor(context, machine);
  await supervisor.start();
  onTestFinished(async () => {
    await supervisor.stop();
    for (const process of await listLivingProcesses(context.db)) signalGroup(process, "SIGKILL");
  });
}

function startFetching(context: Context): void {
  const fetcher = new InputFetcher(context);
  fetcher.start();
  onTestFinished(() => fetcher.stop());
}

/** Sends webhooks until the test ends, or it is stopped before. */
export function startDelivering(context: Context): WebhookDeliverer {
  const deliverer = new WebhookDeliverer(context);
  deliverer.start();
  onTestFinished(() => deliverer.stop());
  return deliverer;
}

/** Adds an account and gives its token. */
export async function insertAccount(context: Context, name: string): Promise<string> {
  await storeAccount(context.db, name, timestamp(context));
  return (await issueToken(context, { account: name, name: "test", access: "write", expiresAt: null })).token;
}

/** Every file in the data folder but the weights that Easel brings, as sorted relative paths: what a refusal must leave unchanged. */
export async function listDataFiles(context: Context): Promise<string[]> {
  const entries = await readdir(context.config.dataFolder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .filter((entry) => !BUILTINS.some((builtin) => builtin.trained?.sha256 === entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(context.config.dataFolder.length + 1))
    .sort();
}
