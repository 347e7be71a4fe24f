/** Which blobs the database names, and who names each. What nobody names is garbage, once it is a day old. */
import type { Db } from "../db.ts";
import { listExportBlobs } from "../exports/store.ts";
import { listFileBlobs } from "../files/store.ts";
import { listWeightBlobs } from "../models/versions.ts";
import { RunFiles } from "../runs/claim.ts";
import { listInputFiles } from "../runs/store.ts";

/** An export that nobody asked for in so long is made again when somebody does. */
export const EXPORT_UNUSED_MS = 30 * 24 * 60 * 60 * 1000;

/** By SHA-256: what names the blob, in words for a person. Files and runs that are about to go, by their ids, are passed over. */
export async function listReferences(
  db: Db,
  nowMs: number,
  going: ReadonlySet<string> = new Set(),
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const note = (sha256: string, by: string) => found.set(sha256, [...(found.get(sha256) ?? []), by]);
  for (const { id, sha256 } of await listFileBlobs(db)) if (!going.has(id)) note(sha256, `file ${id}`);
  for (const { id, sha256 } of await listWeightBlobs(db)) note(sha256, `version ${id}`);
  for (const { id, files } of await listInputFiles(db)) {
    if (going.has(id)) continue;
    for (const [name, { sha256 }] of Object.entries(RunFiles.parse(JSON.parse(files))))
      note(sha256, `${name} of run ${id}`);
  }
  const usedAfter = new Date(nowMs - EXPORT_UNUSED_MS).toISOString();
  for (const sha256 of await listExportBlobs(db, usedAfter)) note(sha256, "an export");
  return found;
}
