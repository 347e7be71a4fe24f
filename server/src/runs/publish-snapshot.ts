/** A person likes another snapshot of a training better than the one that it published: that becomes a version too. */
import { isTerminal, ModelCard } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import type { Db } from "../db.ts";
import { unprocessable } from "../errors.ts";
import { ensureVersion, type VersionRow } from "../models/versions.ts";
import { WeightsError } from "../models/weights.ts";
import { listPublished } from "./published.ts";
import { parseCard, readReportedCard } from "./reported-card.ts";
import { listSamples } from "./samples.ts";
import { listSnapshots, requireSnapshot, type Snapshot } from "./snapshots.ts";
import type { RunRow } from "./store.ts";
import { type Ends, findEnds, keepWeights, makeVersion } from "./trained-version.ts";
import { UnusableWeights } from "./unusable-weights.ts";

/** What a card may hold. */
const PROMPTS_MAX = 10;

/**
 * The new version of the training's destination, or the one that was published of this step already. Throws 404 where there
 * is no such snapshot any more, 422 where it cannot become a version.
 */
export async function publishSnapshot(
  context: Context,
  run: RunRow,
  step: number,
): Promise<{ version: VersionRow; isNew: boolean }> {
  if (!isTerminal(run.status)) {
    const detail = "This training goes on, and publishes a snapshot at its end. Wait for it, or stop and keep it.";
    throw unprocessable("Not ended yet", detail);
  }
  const published = (await listPublished(context.db, run)).get(step);
  if (published !== undefined) return { version: published, isNew: false };
  const snapshot = await requireSnapshot(context, run.id, step);
  const ends = await requireEnds(context.db, run);
  const card = await keepSnapshot(context, run, ends, snapshot);
  const version = makeVersion(run, ends, snapshot, card);
  return context.db.transaction().execute(async (tx) => {
    // Looked for once more: a model or a version may have been deleted meanwhile, and somebody may have clicked twice.
    await requireEnds(tx, run);
    const meanwhile = (await listPublished(tx, run)).get(step);
    if (meanwhile !== undefined) return { version: meanwhile, isNew: false };
    const made = { ...version, snapshot_of: run.id, snapshot_step: step, created_at: timestamp(context) };
    return { version: await ensureVersion(tx, made), isNew: true };
  });
}

async function requireEnds(db: Db, run: RunRow): Promise<Ends> {
  const ends = await findEnds(db, run);
  if (ends !== undefined) return ends;
  const detail = "The model that it goes to, or the version that was trained, was deleted meanwhile. Train again.";
  throw unprocessable("Nowhere to publish", detail);
}

/** Keeps its weights, and gives its own card with the choice in it. */
async function keepSnapshot(context: Context, run: RunRow, ends: Ends, snapshot: Snapshot): Promise<ModelCard> {
  try {
    const text = await keepWeights(context, ends.parent, snapshot.path, snapshot);
    // A trainer that puts no card into its tars reports one of the whole training.
    const written = text === undefined ? await readReportedCard(context, run) : parseCard(text);
    return await describeChoice(context, run, snapshot, written ?? ModelCard.parse({}));
  } catch (error) {
    if (!(error instanceof WeightsError || error instanceof UnusableWeights)) throw error;
    const detail = `The snapshot of step ${snapshot.step} cannot be used: ${error.message} Choose another.`;
    throw unprocessable("Unusable snapshot", detail);
  }
}

/** The samples of its step come first among the prompts: what they show was drawn with these weights. */
async function describeChoice(context: Context, run: RunRow, { step }: Snapshot, card: ModelCard): Promise<ModelCard> {
  const samples = (await listSamples(context.db, run.id, step)).map(({ prompt, seed }) => ({ prompt, seed }));
  const others = card.prompts.filter(({ prompt }) => !samples.some((sample) => sample.prompt === prompt));
  const steps = (await listSnapshots(context, run.id)).map((one) => one.step);
  const reason = `Chosen by ${run.account}, of the snapshots of steps ${steps.join(", ")}.`;
  return {
    ...card,
    steps: step,
    chosen: { step, reason, by: run.account },
    prompts: [...samples, ...others].slice(0, PROMPTS_MAX),
  };
}
