/** What a trained version is made of: weights that were looked at and kept, what they were trained on, and their card. */
import type { ModelCard, ReportedFile } from "@easel/contract";
import type { Context } from "../context.ts";
import type { Db } from "../db.ts";
import { sha256Hex } from "../ids.ts";
import { isOwnProgram } from "../models/own.ts";
import { parseSchema, trainedSchema } from "../models/schema.ts";
import { findModel, type ModelRow } from "../models/store.ts";
import { findVersion, type NewVersion, type VersionRow } from "../models/versions.ts";
import { checkBytes, checkWeights } from "../models/weights.ts";
import type { RunRow } from "./store.ts";

export interface Ends {
  /** What was trained. */
  parent: VersionRow;
  /** Where the version goes. */
  model: ModelRow;
}

/** Undefined once one of them was deleted, which cannot be while the training is under way. */
export async function findEnds(db: Db, run: RunRow): Promise<Ends | undefined> {
  const parent = await findVersion(db, run.version_id);
  const model = run.destination_id === null ? undefined : await findModel(db, run.destination_id);
  const isThere = model !== undefined && model.deleted_at === null;
  return parent !== undefined && isThere ? { parent, model } : undefined;
}

type Weights = Pick<ReportedFile, "sha256" | "size">;

/**
 * Re-opens a file of weights that a training reported, checks it and its hash, and links it into the blob store. Gives the
 * text of the model card in it, if it has one. Throws WeightsError.
 */
export async function keepWeights(
  context: Context,
  parent: VersionRow,
  path: string,
  weights: Weights,
): Promise<string | undefined> {
  let card: string | undefined;
  // What a trainer of somebody's own writes is between it and its predictor.
  if (isOwnProgram(parent.program)) await checkBytes(path, weights);
  else card = await checkWeights(path, weights);
  await context.blobs.adopt(path, weights.sha256);
  return card;
}

/** The row of the version, all but what says how it came to be published. */
export function makeVersion(
  run: RunRow,
  { parent, model }: Ends,
  weights: Weights,
  card: ModelCard | undefined,
): Omit<NewVersion, "created_at"> {
  return {
    id: sha256Hex(`${parent.id} ${weights.sha256} ${run.id}`),
    model_id: model.id,
    program: parent.program,
    base: parent.base,
    needs: parent.needs,
    parent_id: parent.id,
    schema: JSON.stringify(trainedSchema(parseSchema(parent.schema), card?.defaults ?? {})),
    card: card === undefined ? null : JSON.stringify(card),
    weights_sha256: weights.sha256,
    weights_size: weights.size,
    replaces_base: card?.replaces_base ? 1 : 0,
  };
}
