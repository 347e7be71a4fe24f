/** What a model process wrote to its standard error before it died: shown when it could not say it by an event. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.ts";

const BYTES = 2000;

/** The end of its stderr as a passage of its own, or nothing when it wrote nothing. */
export function lastWords(config: Config, processId: string): string {
  const text = tail(join(config.dataFolder, "processes", processId, "stderr")).trim();
  return text === "" ? "" : `\nIts last words:\n${text}`;
}

function tail(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, BYTES));
      const read = readSync(file, buffer, 0, buffer.length, size - buffer.length);
      return buffer.subarray(0, read).toString("utf8");
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
