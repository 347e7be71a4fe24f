/** What deleting something frees: the bytes of those of its blobs that nothing else names. `easel gc` frees them a day later. */
import type { Context } from "../context.ts";
import { listReferences } from "./references.ts";

/** The header that a DELETE says it in. */
export const FREES_HEADER = "Easel-Frees-Bytes";

/** Ask before the row goes. */
export async function bytesFreed(context: Context, blobs: { sha256: string; size: number }[]): Promise<number> {
  const named = await listReferences(context.db, context.now());
  return blobs.reduce((sum, { sha256, size }) => sum + ((named.get(sha256)?.length ?? 0) <= 1 ? size : 0), 0);
}
