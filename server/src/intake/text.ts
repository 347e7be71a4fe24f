/** Reads a small entry whole. Knows nothing of what stands in it. */
import type { ArchiveEntry } from "./entry.ts";

/** The bytes, or undefined when there are more than `bytesMax`. */
export async function readText(entry: ArchiveEntry, bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of entry.read()) {
    size += chunk.length;
    if (size <= bytesMax) chunks.push(chunk);
  }
  return size > bytesMax ? undefined : Buffer.concat(chunks);
}
