/** A run's output as its row keeps it: files by their place in the attempt's folder, never by URL, since hosts change. */
import { ReportedFile } from "@easel/contract";
import { z } from "zod";

const StoredOutput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("value"), value: z.json() }),
  z.object({ kind: z.literal("files"), attempt: z.int(), files: z.array(ReportedFile), list: z.boolean() }),
  z.object({ kind: z.literal("version"), version: z.string(), attempt: z.int(), weights: ReportedFile }),
]);
export type StoredOutput = z.infer<typeof StoredOutput>;

export function encodeOutput(output: StoredOutput): string {
  return JSON.stringify(output);
}

/** Null while there is none. */
export function decodeOutput(stored: string | null): StoredOutput | null {
  return stored === null ? null : StoredOutput.parse(JSON.parse(stored));
}
