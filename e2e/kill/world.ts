/** A data folder with a server and model processes to kill, and a history of what was acknowledged. All of it goes with the test. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freePort, type ServerOptions, startServer, type TestServer } from "../support/server.ts";
import { endOf } from "./checker.ts";
import { type Facts, isEnded, readFacts } from "./facts.ts";
import { History } from "./history.ts";

export interface ModelProcess {
  pid: number;
  id: string;
}

export class World {
  readonly data: string;
  readonly history: History;
  readonly #port: number;
  readonly #defaults: Partial<ServerOptions>;
  #server: TestServer | undefined;

  private constructor(folder: string, port: number, defaults: Partial<ServerOptions>) {
    this.data = defaults.data ?? join(folder, "data");
    this.history = new History(join(folder, "history.jsonl"));
    this.#port = port;
    this.#defaults = defaults;
  }

  /** Two trainings at a time, unless `defaults` say otherwise. No server runs yet. */
  static async make(defaults: Partial<ServerOptions> = {}): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), "easel-kill-"));
    const world = new World(folder, await freePort(), { cpus: 2, ...defaults });
    onTestFinished(async () => {
      await world.end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });
    return world;
  }

  get server(): TestServer {
    if (this.#server === undefined) throw new Error("No server was started.");
    return this.#server;
  }

  /** Starts a server on the folder, at the same address as before. Throws when it keeps what an earlier one left half received. */
  async start(options: Partial<ServerOptions> = {}): Promise<TestServer> {
    const left = this.#incoming();
    this.#server = await startServer({ data: this.data, port: this.#port, ...this.#defaults, ...options });
    const kept = this.#incoming().filter((name) => left.includes(name));
    if (kept.length > 0) throw new Error(`After a start incoming/ still holds ${kept.join(", ")}`);
    return this.#server;
  }

  #incoming(): string[] {
    try {
      return readdirSync(join(this.data, "incoming"));
    } catch {
      return [];
    }
  }

  facts(): Facts {
    return readFacts(this.data);
  }

  /** The model processes of this folder that live now, stopped ones included. */
  processes(): ModelProcess[] {
    const marker = join(this.data, "processes/");
    return readdirSync("/proc").flatMap((name) => {
      const folder = argumentsOf(name).find((argument) => argument.startsWith(marker));
      return folder === undefined ? [] : [{ pid: Number(name), id: folder.slice(marker.length) }];
    });
  }

  /** Writes down every end that there is, so that the checker can tell whether one changed later. */
  noteEnds(): void {
    for (const run of this.facts().runs.filter(isEnded)) {
      this.history.write({ did: "see end", id: run.id, row: endOf(run) });
    }
  }

  /** Waits until every run has ended. Throws, with the server's words, when they have not after a long time. */
  async untilEnded(): Promise<void> {
    await this.until("every run has ended", (facts) => facts.runs.every(isEnded));
  }

  async until(what: string, holds: (facts: Facts) => boolean, seconds = 60): Promise<void> {
    const patience = Date.now() + seconds * 1000;
    while (!holds(this.facts())) {
      if (this.server.hasExited()) throw new Error(`The server ended by itself:\n${this.server.errors()}`);
      if (Date.now() > patience) {
        const { runs, attempts, processes } = this.facts();
        throw new Error(
          `It did not come about that ${what}:\n${JSON.stringify({ runs, attempts, processes }, null, 1)}\n${this.server.errors()}`,
        );
      }
      await pause(25);
    }
  }

  /** Ends whatever of this world still runs. */
  async end(): Promise<void> {
    await this.#server?.stop("SIGKILL");
    for (const { pid } of this.processes()) kill(pid, "SIGKILL");
    await untilTrue("the end of all model processes", () => this.processes().length === 0);
  }
}

/** Sends a signal to one process; nothing when it is gone. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself just now.
  }
}

/** Kills a process and waits until the kernel has taken it away. */
export async function killNow(pid: number): Promise<void> {
  kill(pid, "SIGKILL");
  await untilTrue(`the end of process ${pid}`, () => argumentsOf(String(pid)).length === 0);
}

export async function untilTrue(what: string, holds: () => boolean, seconds = 60): Promise<void> {
  const patience = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > patience) throw new Error(`Waited ${seconds} s in vain for ${what}`);
    await pause(10);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What a process was started with; nothing for one that is gone, or waits to be reaped. */
function argumentsOf(pid: string): string[] {
  if (!/^\d+$/.test(pid)) return [];
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  } catch {
    return [];
  }
}
