/**
 * Fetches the URLs among the inputs of waiting runs. What is to be fetched stands in the run's row, so that a server that
 * starts again goes on where the one before it was; a file that was cut off is fetched from its beginning.
 */
import { RunInput } from "@easel/contract";
import { z } from "zod";
import { type Context, timestamp } from "../context.ts";
import { HttpError } from "../errors.ts";
import { fetchFile } from "../fetch/file.ts";
import { FetchRefused } from "../fetch/refusal.ts";
import { sizeInWords } from "../files/size.ts";
import { isOwnProgram } from "../models/own.ts";
import { findVersionProgram } from "../models/versions.ts";
import { RunFiles } from "./claim.ts";
import { insertServerLog, insertServerStage } from "./events.ts";
import { failWaitingRun } from "./finish.ts";
import { keepFiles } from "./input-files.ts";
import { updateRunFetched } from "./moves.ts";
import { listFetchingRuns } from "./queue.ts";
import { settleFiles } from "./settle-files.ts";
import { findRun, type RunRow } from "./store.ts";

const RUNS_AT_ONCE = 4;
const LOOK_MS = 60_000;
const STAGE_MS_MIN = 500;
const Fetches = z.record(z.string(), z.string());

/** What is poked when a run with something to fetch has come. */
export const FETCH_TOPIC = "fetch";

export class InputFetcher {
  readonly #context: Context;
  readonly #stopped = new AbortController();
  readonly #fetching = new Map<string, Promise<void>>();
  #loop: Promise<void> = Promise.resolve();

  constructor(context: Context) {
    this.#context = context;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Leaves what is under way to the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await Promise.all(this.#fetching.values());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const poked = this.#context.watch.next(FETCH_TOPIC, LOOK_MS, signal);
      try {
        for (const run of await listFetchingRuns(this.#context.db)) this.#take(run);
      } catch (error) {
        this.#context.log.error({ error }, "runs with files to fetch could not be listed");
      }
      await poked;
    }
  }

  #take(run: RunRow): void {
    if (this.#fetching.has(run.id) || this.#fetching.size >= RUNS_AT_ONCE || this.#stopped.signal.aborted) return;
    const fetching = fetchInputs(this.#context, run, this.#stopped.signal)
      .catch((error) => this.#context.log.error({ error, run: run.id }, "a run's files could not be fetched"))
      .finally(() => {
        this.#fetching.delete(run.id);
        this.#context.watch.poke(FETCH_TOPIC);
      });
    this.#fetching.set(run.id, fetching);
  }
}

/** Fetches what the run waits for, until it ends or `stopped` aborts. What cannot be had ends the run as failed. */
async function fetchInputs(context: Context, run: RunRow, stopped: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stopped, over.signal]);
  const watching = abortWithRun(context, run.id, over);
  try {
    const version = await findVersionProgram(context.db, run.version_id);
    const files = await fetchAll(context, run, version.program, signal);
    const input = RunInput.parse(JSON.parse(run.input));
    const settled = await settleFiles(context, { kind: run.kind, account: run.account, ...version, input, files });
    await keepFiles(context, settled.files);
    await context.db.transaction().execute(async (tx) => {
      const ready = await updateRunFetched(tx, run.id, JSON.stringify(settled.files));
      if (ready !== undefined && settled.log !== undefined)
        await insertServerLog(tx, run.id, settled.log, timestamp(context));
    });
    context.watch.poke("queue");
    context.watch.poke(run.id);
  } catch (error) {
    if (!signal.aborted) await fail(context, run.id, error);
  } finally {
    over.abort();
    await watching;
  }
}

async function fetchAll(context: Context, run: RunRow, program: string, signal: AbortSignal): Promise<RunFiles> {
  const files = RunFiles.parse(JSON.parse(run.files));
  for (const [name, url] of Object.entries(Fetches.parse(JSON.parse(run.fetches ?? "{}")))) {
    const { host } = new URL(url);
    const stages = new Stages(context, run.id, `fetching ${name}`);
    await stages.say();
    const onProgress = (done: number, total: number | undefined) => stages.progress(done, total);
    try {
      const isArchive = name === "input_images" && !isOwnProgram(program);
      const blob = await fetchFile(context, { url, isArchive, signal, onProgress });
      files[name] = { sha256: blob.sha256 };
      await stages.end();
      const words = `Fetched ${name} from ${host}: ${sizeInWords(blob.size)}.`;
      await insertServerLog(context.db, run.id, words, timestamp(context));
    } catch (error) {
      await stages.end();
      throw error instanceof FetchRefused
        ? new FetchRefused(`${name} could not be fetched: ${error.message} Give another URL, or upload the file.`)
        : error;
    }
  }
  return files;
}

/** A stage as it goes on: in hundredths where the size is known, and not more often than people can see. */
class Stages {
  readonly #context: Context;
  readonly #runId: string;
  readonly #name: string;
  #saidAt = 0;
  #saying: Promise<void> = Promise.resolve();

  constructor(context: Context, runId: string, name: string) {
    this.#context = context;
    this.#runId = runId;
    this.#name = name;
  }

  progress(done: number, total: number | undefined): void {
    if (total === undefined || total === 0 || performance.now() - this.#saidAt < STAGE_MS_MIN) return;
    this.#saying = this.#saying.then(() => this.say({ done: Math.floor((100 * done) / total), total: 100 }));
    this.#saying.catch(() => {}); // heard at the end
    this.#saidAt = performance.now();
  }

  async say(share: { done: number; total: number } | undefined = undefined): Promise<void> {
    await insertServerStage(this.#context.db, this.#runId, { name: this.#name, ...share }, timestamp(this.#context));
    this.#context.watch.poke(this.#runId);
  }

  /** Waits until all is written that was said. */
  async end(): Promise<void> {
    await this.#saying;
  }
}

async function fail(context: Context, runId: string, error: unknown): Promise<void> {
  const [code, text] = explain(error);
  if (code === "internal") context.log.error({ error, run: runId }, "a run's files could not be fetched");
  await failWaitingRun(context, runId, { error: text, error_code: code });
  context.watch.poke("queue");
}

function explain(error: unknown): [code: string, text: string] {
  if (error instanceof FetchRefused) return ["input_not_fetched", error.message];
  if (error instanceof HttpError) {
    const fields = error.invalidFields?.map(
      ({ field, description }) => `${field.replace(/^input\./, "")}: ${description}`,
    );
    return ["input_refused", fields?.join("\n") ?? error.message];
  }
  return ["internal", "The files of this run could not be fetched, by a fault of the server. Its log says more."];
}

/** Aborts when the run ends while its files are on their way, by a cancel say. */
async function abortWithRun(context: Context, runId: string, over: AbortController): Promise<void> {
  while (!over.signal.aborted) {
    const changed = context.watch.next(runId, LOOK_MS, over.signal);
    const run = await findRun(context.db, runId);
    if (run?.status !== "starting") over.abort();
    await changed;
  }
}
