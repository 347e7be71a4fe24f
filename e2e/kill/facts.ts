/**
 * Reads a data folder as it lies there: the database, by SQLite itself and read-only, and the files. Uses nothing of the
 * server, so that it can bear witness against it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { z } from "zod";

const Run = z.object({
  id: z.string(),
  kind: z.enum(["training", "prediction"]),
  status: z.enum(["starting", "processing", "succeeded", "failed", "canceled"]),
  input: z.string(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  attempt: z.int(),
  process_id: z.string().nullable(),
  cancel_asked_at: z.string().nullable(),
  completed_at: z.string().nullable(),
});
export type Run = z.infer<typeof Run>;

const Attempt = z.object({
  run_id: z.string(),
  number: z.int(),
  process_id: z.string(),
  state_step: z.number().nullable(),
  ended_at: z.string().nullable(),
  outcome: z.enum(["succeeded", "failed", "canceled", "lost"]).nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

const Event = z.object({
  run_id: z.string(),
  number: z.int(),
  attempt: z.int(),
  seq: z.int(),
  type: z.string(),
  at: z.string(),
  body: z.string(),
});
export type Event = z.infer<typeof Event>;

const Version = z.object({
  id: z.string(),
  training_id: z.string().nullable(),
  weights_sha256: z.string().nullable(),
  weights_size: z.int().nullable(),
});
export type Version = z.infer<typeof Version>;

const StoredFile = z.object({ id: z.string(), sha256: z.string(), size: z.int() });
const Process = z.object({
  id: z.string(),
  pid: z.int().nullable(),
  device: z.string(),
  ended_at: z.string().nullable(),
});

export interface Facts {
  data: string;
  runs: Run[];
  attempts: Attempt[];
  events: Event[];
  versions: Version[];
  files: z.infer<typeof StoredFile>[];
  processes: z.infer<typeof Process>[];
}

/** Everything at one moment: one read transaction. */
export function readFacts(data: string): Facts {
  const database = new Database(join(data, "easel.db"), { readonly: true, fileMustExist: true });
  try {
    return database.transaction(() => {
      const rows = (table: string, order: string) => database.prepare(`select * from ${table} order by ${order}`).all();
      return {
        data,
        runs: z.array(Run).parse(rows("runs", "created_at, id")),
        attempts: z.array(Attempt).parse(rows("attempts", "run_id, number")),
        events: z.array(Event).parse(rows("events", "run_id, number")),
        versions: z.array(Version).parse(rows("versions", "created_at, id")),
        files: z.array(StoredFile).parse(rows("files", "created_at, id")),
        processes: z.array(Process).parse(rows("processes", "started_at, id")),
      };
    })();
  } finally {
    database.close();
  }
}

export function isEnded(run: Run): boolean {
  return run.status === "succeeded" || run.status === "failed" || run.status === "canceled";
}

export function attemptFolder(data: string, attempt: { run_id: string; number: number }): string {
  return join(data, "runs", attempt.run_id, String(attempt.number));
}

export function blobPath(data: string, sha256: string): string {
  return join(data, "blobs", sha256.slice(0, 2), sha256);
}

/** The sha256 of a file's bytes, or a word in its place when there is no file. */
export function hashOf(path: string): string {
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "no file";
}

/** The whole lines of an attempt's journal; what a killed process wrote of a last one does not count. */
export function journalLines(data: string, attempt: { run_id: string; number: number }): string[] {
  const path = join(attemptFolder(data, attempt), "events.jsonl");
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
}

/** JSON in one form, whichever language wrote it: names sorted, numbers as JavaScript writes them. */
export function canonical(json: string): string {
  return JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
