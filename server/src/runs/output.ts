/** A run's output as its row keeps it: files by their place in the attempt's folder, never by URL, since hosts change. */
import { ReportedFile } from "@easel/contract";
import { z } from "zod";

const StoredOutput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("value"), value: z.json() }),
  z.object({ kind: z.literal("files"), attempt: z.int(), files: z.array(ReportedFile), list: z.boolean() }),
  z.object({
    kind: z.literal("version"),
    version: z.string(),
    attempt: z.int(),
    weights: ReportedFile,
    step: z.int().optional(),
  }),
]);
export type StoredOutput = z.infer<typeof StoredOutput>;

export function encodeOutput(output: StoredOutput): string {
  return JSON.stringify(output);
}

/** What a run has given, and one more of its iterator's outputs. Its files are all of one attempt: an earlier one's are gone. */
export function appendChunks(
  stored: string | null,
  attempt: number,
  chunks: { file?: ReportedFile | undefined; value?: unknown }[],
): string {
  const before = decodeOutput(stored);
  const files = chunks.flatMap(({ file }) => file ?? []);
  if (files.length > 0) {
    const earlier = before?.kind === "files" ? before.files : [];
    return encodeOutput({ kind: "files", attempt, files: [...earlier, ...files], list: true });
  }
  const earlier = before?.kind === "value" && Array.isArray(before.value) ? before.value : [];
  const values = chunks.map(({ value }) => z.json().parse(value));
  return encodeOutput({ kind: "value", value: [...earlier, ...values] });
}

/** Null while there is none. */
export function decodeOutput(stored: string | null): StoredOutput | null {
  return stored === null ? null : StoredOutput.parse(JSON.parse(stored));
}
