/** A real server in a process of its own, for tests that kill it, restart it, or meet it with real clients. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@easel/contract";

const MAIN = fileURLToPath(new URL("./server-main.mjs", import.meta.url));

/** The API token of the account `you` on every server that `startServer` starts. */
export const TOKEN = "r8_0123456789abcdefghjkmnpqrstvwxyz01234";
export const ECHO_VERSION = versionOf("echo");
/** A model whose outputs are words, and one whose outputs are files, one after the other. */
export const WORDS_VERSION = versionOf("words");
export const PAGES_VERSION = versionOf("pages");

function versionOf(name: string): string {
  return createHash("sha256").update(`easel/${name} 1`).digest("hex");
}

export interface ServerOptions {
  /** The data folder. */
  data: string;
  /** Another free one is taken when it is left out; a restarted server needs its old one. */
  port?: number;
  /** index.js of another build than the checkout's: see build.ts. */
  build?: string;
  leaseSeconds?: number;
  killGraceSeconds?: number;
  /** As how many devices the CPU counts, each of which may train. */
  cpus?: number;
  /** How many model processes may stand on one of them; a GPU takes one. Two when left out. */
  processesMax?: number;
  /** What to run the server under, such as strace with its options. */
  under?: string[];
  env?: Record<string, string>;
}

export interface TestServer {
  url: string;
  port: number;
  /** Of the server, or of what it runs under. */
  pid: number;
  client: Client;
  hasExited: () => boolean;
  /** Resolves with the exit code, or null for a death by signal. */
  exited: Promise<number | null>;
  /** Sends a signal and waits for the end. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
  /** What it wrote to stderr so far. */
  errors: () => string;
}

/** The server ended before it listened; `code` is null when a signal ended it. */
export class ServerEnded extends Error {
  readonly code: number | null;

  constructor(code: number | null, words: string) {
    super(`The server ended before it listened:\n${words}`);
    this.code = code;
  }
}

/** Resolves when the server answers; throws ServerEnded, with its own words, when it ends before. The build has to be there. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const port = options.port ?? (await freePort());
  const [command = process.execPath, ...args] = [...(options.under ?? []), process.execPath, MAIN];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: environment(options, port) });
  const errors = collect(child);
  const exited = once(child, "exit").then(([code]) => (typeof code === "number" ? code : null));
  await untilListening(child, exited, errors);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    pid: child.pid ?? 0,
    client: createClient({ baseUrl: url, token: TOKEN }),
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    exited,
    stop: (signal = "SIGTERM") => {
      child.kill(signal);
      return exited;
    },
    errors,
  };
}

function environment(options: ServerOptions, port: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    EASEL_DATA: options.data,
    EASEL_PORT: String(port),
    EASEL_ACCOUNT: "you",
    EASEL_TOKEN: TOKEN,
    ...(options.build === undefined ? {} : { EASEL_TEST_BUILD: options.build }),
    ...(options.leaseSeconds === undefined ? {} : { EASEL_TEST_LEASE_SECONDS: String(options.leaseSeconds) }),
    ...(options.killGraceSeconds === undefined
      ? {}
      : { EASEL_TEST_KILL_GRACE_SECONDS: String(options.killGraceSeconds) }),
    ...(options.cpus === undefined ? {} : { EASEL_TEST_CPUS: String(options.cpus) }),
    ...(options.processesMax === undefined ? {} : { EASEL_TEST_PROCESSES_MAX: String(options.processesMax) }),
    ...options.env,
  };
}

function collect(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

async function untilListening(
  child: ChildProcess,
  exited: Promise<number | null>,
  errors: () => string,
): Promise<void> {
  if (child.stdout === null) throw new Error("The server has no stdout.");
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise<boolean>((resolve) => {
    lines.on("line", (line) => line.startsWith("Easel listens on ") && resolve(true));
  });
  const ended = exited.then((code) => {
    throw new ServerEnded(code, errors());
  });
  await Promise.race([listening, ended]);
}

/**
 * A port that is free, and stays so while the server that has it is started again: the kernel hands out none of these by
 * itself, and of tests that run at the same time hardly two draw the same.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
