/** What deleting something frees: the bytes of those blobs that nothing names any more. `easel gc` frees them a day later. */
import type { Context } from "../context.ts";
import { listReferences } from "./references.ts";

/** Deletes, and says what that leaves for gc to free. */
export async function measureFreed<Result>(
  context: Context,
  work: () => Promise<Result>,
): Promise<{ result: Result; bytes: number }> {
  const before = await listReferences(context.db, context.now());
  const result = await work();
  const after = await listReferences(context.db, context.now());
  const gone = [...before.keys()].filter((sha256) => !after.has(sha256));
  const sizes = await Promise.all(gone.map((sha256) => context.blobs.size(sha256)));
  return { result, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
