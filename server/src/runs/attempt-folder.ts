/** Where an attempt keeps its journal and everything it makes. */
import { join } from "node:path";
import type { Context } from "../context.ts";

export function attemptFolder(context: Pick<Context, "config">, runId: string, attempt: number): string {
  return join(context.config.dataFolder, "runs", runId, String(attempt));
}
