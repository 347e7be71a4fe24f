/** The versions that there are of a training's snapshots: the one that it published itself, and those that people did. */
import { parseReference } from "@easel/contract";
import type { Db } from "../db.ts";
import { findVersion, listVersionsOfSnapshots, type VersionRow } from "../models/versions.ts";
import { decodeOutput } from "./output.ts";
import type { RunRow } from "./store.ts";

/** By step. Of one step the training's own goes first. */
export async function listPublished(db: Db, run: RunRow): Promise<Map<number, VersionRow>> {
  const byPeople = await listVersionsOfSnapshots(db, run.id);
  const published = new Map(
    byPeople.flatMap((version) => (version.snapshot_step === null ? [] : [[version.snapshot_step, version] as const])),
  );
  const output = decodeOutput(run.output);
  if (output?.kind !== "version" || output.step === undefined) return published;
  const id = parseReference(output.version)?.version;
  const own = id === undefined ? undefined : await findVersion(db, id);
  return own === undefined ? published : published.set(output.step, own);
}
