/** Brings a whole server up, in the order in which its parts need each other, and down again. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { pino } from "pino";
import { ensureFirstAccount } from "./accounts/first.ts";
import { Guesses } from "./accounts/guesses.ts";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { isLoopback } from "./config.ts";
import type { Context } from "./context.ts";
import { type Db, openDb } from "./db.ts";
import { resolveHost } from "./fetch/resolve-host.ts";
import { BlobStore } from "./files/blobs.ts";
import { lockDataFolder } from "./lock.ts";
import { registerBases } from "./models/base-models.ts";
import { BUILTINS, type Builtin, ensureBuiltins } from "./models/builtin.ts";
import { type Device, findDevices } from "./processes/devices.ts";
import { Supervisor } from "./processes/supervise.ts";
import { InputFetcher } from "./runs/fetcher.ts";
import { Timekeeper } from "./runs/timekeeper.ts";
import { UnansweredCreates } from "./runs/unanswered.ts";
import { Watch } from "./runs/watch.ts";
import { WebhookDeliverer } from "./webhooks/deliver.ts";

export interface RunningServer {
  url: string;
  /** The first account's token when it was made just now: shown once. */
  newToken: string | undefined;
  /** Ids of runs that go on without a server. */
  stop: () => Promise<string[]>;
}

/** Throws one sentence when the folder is taken, the port is, or a setting does not fit. */
export async function startServer(
  config: Config,
  machine: { builtins?: Builtin[]; devices?: Device[] } = {},
): Promise<RunningServer> {
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 });
  const lock = lockDataFolder(config.dataFolder);
  const stopping = new AbortController();
  const db = await openDb(join(config.dataFolder, "easel.db"));
  const context: Context = {
    config,
    db,
    blobs: await BlobStore.open(config.dataFolder),
    watch: new Watch(),
    log: pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true })),
    pendingCreates: new Map(),
    unanswered: new UnansweredCreates(),
    answeredRuns: new Set(),
    guesses: new Guesses(),
    signingKey: await ensureSigningKey(db),
    now: Date.now,
    resolveHost,
    stopping: stopping.signal,
  };
  const builtins = machine.builtins ?? BUILTINS;
  const devices = machine.devices ?? (await findDevices());
  const newToken = await ensureFirstAccount(context);
  await ensureBuiltins(context, builtins);
  await registerBases(context);
  const supervisor = new Supervisor(context, { builtins, devices });
  await supervisor.start();
  const fetcher = new InputFetcher(context);
  fetcher.start();
  const timekeeper = new Timekeeper(context);
  timekeeper.start();
  const deliverer = new WebhookDeliverer(context);
  deliverer.start();
  const http = await listenHttp(createApp(context, { builtins, devices }).fetch, config);
  const stop = async () => {
    stopping.abort();
    await fetcher.stop();
    await timekeeper.stop();
    const going = await supervisor.stop();
    await http.close();
    await deliverer.stop();
    await db.destroy();
    lock.release();
    return going;
  };
  return { url: http.url, newToken, stop };
}

/** What is under way when the server stops has this long to end: an upload, say. Events and waits end at once. */
const UNDER_WAY_MS_MAX = 8000;

async function listenHttp(fetch: Parameters<typeof serve>[0]["fetch"], config: Config) {
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const listening = serve({ fetch, hostname: config.host, port: config.port }, () => resolve(listening));
    listening.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return reject(error);
      reject(
        new Error(`Port ${config.port} is in use. Is Easel running already? If not, set EASEL_PORT to another one.`),
      );
    });
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : config.port;
  const host = isLoopback(config.host) || config.host.includes(".") ? config.host : `[${config.host}]`;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    if (!("closeAllConnections" in server)) return closed;
    // A connection that is kept alive would hold us up; it falls idle only when its answer is out.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    const late = setTimeout(() => server.closeAllConnections(), UNDER_WAY_MS_MAX);
    await closed;
    clearInterval(idle);
    clearTimeout(late);
  };
  return { url: `http://${host}:${port}`, close };
}

async function ensureSigningKey(db: Db): Promise<Uint8Array> {
  await db
    .insertInto("secrets")
    .values({ name: "signing key", value: randomBytes(32).toString("base64") })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom("secrets")
    .select("value")
    .where("name", "=", "signing key")
    .executeTakeFirstOrThrow();
  return Buffer.from(row.value, "base64");
}
