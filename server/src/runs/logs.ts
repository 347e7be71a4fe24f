/** A run's log as text: whole lines, in the order in which they were committed, over all attempts. */
import { z } from "zod";
import type { Db } from "../db.ts";
import { listEvents, listLogsBackwards } from "./events.ts";

/** What a reply carries of it; the rest is at `/v1/runs/{id}/logs`. */
export const LOG_BYTES_SHOWN_MAX = 1_000_000;
const CHUNK = 500;
const LogBody = z.object({ text: z.string() });

/** The end of the log. When it was cut its first line says where the whole stands. */
export async function logTail(db: Db, runId: string): Promise<string> {
  const parts: string[] = [];
  let bytes = 0;
  let before = Number.MAX_SAFE_INTEGER;
  while (true) {
    const rows = await listLogsBackwards(db, runId, before, CHUNK);
    for (const row of rows) {
      const text = `${LogBody.parse(JSON.parse(row.body)).text}\n`;
      bytes += Buffer.byteLength(text);
      if (bytes > LOG_BYTES_SHOWN_MAX) {
        return [`[earlier lines are at /v1/runs/${runId}/logs]\n`, ...parts.reverse()].join("");
      }
      parts.push(text);
      before = row.number;
    }
    if (rows.length < CHUNK) return parts.reverse().join("");
  }
}

/** The log from a place in it, in bytes of UTF-8, piece by piece: nothing where it is not that long yet. */
export async function* logFrom(db: Db, runId: string, from: number): AsyncGenerator<Buffer> {
  let after = 0;
  let skip = from;
  while (true) {
    const rows = await listEvents(db, runId, after, CHUNK);
    for (const row of rows) {
      if (row.type !== "log") continue;
      const bytes = Buffer.from(`${LogBody.parse(JSON.parse(row.body)).text}\n`);
      if (skip < bytes.length) yield bytes.subarray(skip);
      skip = Math.max(0, skip - bytes.length);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHUNK) return;
    after = last.number;
  }
}
