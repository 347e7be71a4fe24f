/** A trained result becomes a version: checked and adopted before the transaction, one row inside it. */
import { join } from "node:path";
import type { ReportedFile } from "@easel/contract";
import type { Context } from "../context.ts";
import type { Db } from "../db.ts";
import { insertVersion, type NewVersion } from "../models/versions.ts";
import { WeightsError } from "../models/weights.ts";
import { attemptFolder } from "./attempt-folder.ts";
import type { StoredOutput } from "./output.ts";
import { readReportedCard } from "./reported-card.ts";
import type { RunRow } from "./store.ts";
import { findEnds, keepWeights, makeVersion } from "./trained-version.ts";
import { UnusableWeights } from "./unusable-weights.ts";

export interface Publication {
  /** `owner/name:id`. */
  reference: string;
  weights: ReportedFile;
  /** The training step that the weights came from, where the card says so. */
  step?: number | undefined;
  version: Omit<NewVersion, "created_at">;
}

/**
 * Looks at the weights that a training reported and keeps them, with the card that it reported beside them.
 * Throws UnusableWeights with a sentence for the user.
 */
export async function preparePublication(
  context: Context,
  run: RunRow,
  output: StoredOutput | null,
): Promise<Publication> {
  const weights = output?.kind === "files" && output.attempt === run.attempt ? output.files[0] : undefined;
  if (weights === undefined)
    throw new UnusableWeights(
      "The training ended without weights. This is a mistake in the model's train(): mend it to return their path.",
    );
  const ends = await findEnds(context.db, run);
  if (ends === undefined) throw new Error(`Training ${run.id} has lost its base or its destination.`);
  try {
    await keepWeights(context, ends.parent, join(attemptFolder(context, run.id, run.attempt), weights.path), weights);
  } catch (error) {
    if (error instanceof WeightsError)
      throw new UnusableWeights(`The trained weights cannot be used: ${error.message} Train again.`);
    throw error;
  }
  const card = await readReportedCard(context, run);
  const version = makeVersion(run, ends, weights, card);
  return {
    reference: `${ends.model.owner}/${ends.model.name}:${version.id}`,
    weights,
    step: card?.steps,
    version: { ...version, training_id: run.id },
  };
}

/** Call inside the transaction that ends the training. */
export async function publishVersion(tx: Db, publication: Publication, at: string): Promise<void> {
  await insertVersion(tx, { ...publication.version, created_at: at });
}
