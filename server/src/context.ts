/** What every part of the server is handed: no singletons, so that every test makes a world of its own. */
import type { Logger } from "pino";
import type { Guesses } from "./accounts/guesses.ts";
import type { Config } from "./config.ts";
import type { Db } from "./db.ts";
import type { ResolveHost } from "./fetch/dial.ts";
import type { BlobStore } from "./files/blobs.ts";
import type { RunRow } from "./runs/store.ts";
import type { UnansweredCreates } from "./runs/unanswered.ts";
import type { Watch } from "./runs/watch.ts";

export interface Context {
  config: Config;
  db: Db;
  blobs: BlobStore;
  watch: Watch;
  log: Logger;
  /** Creates with a key on their way to becoming rows, by that key. */
  pendingCreates: Map<string, Promise<RunRow>>;
  /** Creates without one whose reply is on its way, or was lost. */
  unanswered: UnansweredCreates;
  /** Runs whose create has been answered, and which are still to be noted as such. */
  answeredRuns: Set<string>;
  /** Tokens that were tried, by where they came from. */
  guesses: Guesses;
  /** Signs links; made once for this installation. */
  signingKey: Uint8Array;
  /** Looks up the names in URLs that people give. */
  resolveHost: ResolveHost;
  /** Aborted when the server begins to stop. */
  stopping: AbortSignal;
  /** The wall clock in milliseconds since 1970; tests move it. */
  now: () => number;
}

/** The time now, as it is stored and shown. */
export function timestamp(context: Pick<Context, "now">): string {
  return new Date(context.now()).toISOString();
}
