/**
 * Frees the space of what nothing needs any more: blobs that no row names, exports long unused, what trainings keep of versions
 * that were deleted, training states of runs that have ended, folders of runs that are gone. Nothing younger than a day is touched, since whatever is being made may not be
 * named yet.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { GarbageReport } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { deleteExportsUnusedSince } from "../exports/store.ts";
import { bytesOf } from "../files/folder-size.ts";
import { attemptFolder } from "../runs/attempt-folder.ts";
import { listEventsOfTypes } from "../runs/events.ts";
import { listRunIds } from "../runs/store.ts";
import { listDeletedWeights } from "./deleted-weights.ts";
import { EXPORT_UNUSED_MS, listReferences } from "./references.ts";

/** What is being made is named within minutes; a day is R11's. */
const YOUNG_MS = 24 * 60 * 60 * 1000;
const StateBody = z.object({ path: z.string() });

/** Frees it, or, on a dry run, only says what it would free. */
export async function collectGarbage(context: Context, isDryRun: boolean): Promise<GarbageReport> {
  const weights = await measureDeletedWeights(context);
  const results = [
    await collectBlobs(context, isDryRun),
    await collectWeights(weights, isDryRun),
    await collectStates(context, isDryRun),
    await collectRunFolders(context, isDryRun),
  ];
  return { dry_run: isDryRun, bytes: results.reduce((sum, one) => sum + one.bytes, 0), results };
}

type Freed = GarbageReport["results"][number];

async function collectBlobs(context: Context, isDryRun: boolean): Promise<Freed> {
  const { blobs, db, now } = context;
  const freed = { what: "uploads, archives, weights and exports that nothing names", count: 0, bytes: 0 };
  if (!isDryRun) await deleteExportsUnusedSince(db, new Date(now() - EXPORT_UNUSED_MS).toISOString());
  const named = await listReferences(db, now());
  for await (const { sha256, size, keptAt } of blobs.list()) {
    if (named.has(sha256) || keptAt > now() - YOUNG_MS) continue;
    if (isDryRun || (await blobs.removeOlder(sha256, now() - YOUNG_MS))) add(freed, size);
  }
  return freed;
}

/** Asked before blobs go: a file that is a blob's too counts there, and only what is left of one counts here. */
async function measureDeletedWeights(context: Context): Promise<{ path: string; bytes: number }[]> {
  const paths = await listDeletedWeights(context, new Date(context.now() - YOUNG_MS).toISOString());
  const measured = await Promise.all(paths.map(async (path) => ({ path, bytes: await bytesOf(path) })));
  return measured.flatMap(({ path, bytes }) => (bytes === undefined ? [] : [{ path, bytes }]));
}

async function collectWeights(weights: { path: string; bytes: number }[], isDryRun: boolean): Promise<Freed> {
  const freed = { what: "what trainings keep of versions that were deleted", count: 0, bytes: 0 };
  for (const { path, bytes } of weights) {
    if (!isDryRun) await rm(path, { force: true });
    add(freed, bytes);
  }
  return freed;
}

/** A state is there to go on from after a loss; a run that has ended is not gone on with. */
async function collectStates(context: Context, isDryRun: boolean): Promise<Freed> {
  const freed = { what: "training states of runs that have ended", count: 0, bytes: 0 };
  for (const { id, completed_at } of await listRunIds(context.db)) {
    if (completed_at === null || Date.parse(completed_at) > context.now() - YOUNG_MS) continue;
    for (const { attempt, body } of await listEventsOfTypes(context.db, id, ["state"])) {
      const path = join(attemptFolder(context, id, attempt), StateBody.parse(JSON.parse(body)).path);
      await remove(path, freed, isDryRun);
    }
  }
  return freed;
}

async function collectRunFolders(context: Context, isDryRun: boolean): Promise<Freed> {
  const freed = { what: "folders of runs that are gone", count: 0, bytes: 0 };
  const root = join(context.config.dataFolder, "runs");
  const known = new Set((await listRunIds(context.db)).map(({ id }) => id));
  for (const name of await readdir(root).catch(() => [])) {
    const found = await stat(join(root, name)).catch(() => undefined);
    if (known.has(name) || found === undefined || found.ctimeMs > context.now() - YOUNG_MS) continue;
    await remove(join(root, name), freed, isDryRun);
  }
  return freed;
}

async function remove(path: string, freed: Freed, isDryRun: boolean): Promise<void> {
  const bytes = await bytesOf(path);
  if (bytes === undefined) return;
  if (!isDryRun) await rm(path, { recursive: true, force: true });
  add(freed, bytes);
}

function add(freed: Freed, bytes: number): void {
  freed.count += 1;
  freed.bytes += bytes;
}
