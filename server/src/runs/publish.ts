/** A trained result becomes a version: checked and adopted before the transaction, one row inside it. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import type { Db } from "../db.ts";
import { sha256Hex } from "../ids.ts";
import { Card } from "../models/card.ts";
import { isOwnProgram } from "../models/own.ts";
import { parseSchema, trainedSchema } from "../models/schema.ts";
import { findModel } from "../models/store.ts";
import { findVersion, insertVersion } from "../models/versions.ts";
import { checkBytes, checkWeights, WeightsError } from "../models/weights.ts";
import { attemptFolder } from "./attempt-folder.ts";
import { listEventsOfTypes } from "./events.ts";
import type { StoredOutput } from "./output.ts";
import type { RunRow } from "./store.ts";

/** The trained file cannot be served; the message says what is wrong with it. */
export class UnusableWeights extends Error {}

export interface Publication {
  /** `owner/name:id`. */
  reference: string;
  weights: ReportedFile;
  /** The training step that the weights came from, where the card says so. */
  step?: number | undefined;
  version: Parameters<typeof insertVersion>[1];
}

const CARD_NAME = "model_card.json";
const CARD_BYTES_MAX = 4_000_000;
const ArtifactBody = z.object({ file: z.object({ name: z.string(), path: z.string() }) });

/**
 * Re-opens the weights that a training reported, checks them and their hash, and links them into the blob store.
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
  const folder = attemptFolder(context, run.id, run.attempt);
  const path = join(folder, weights.path);
  const parent = await findVersion(context.db, run.version_id);
  try {
    // What a trainer of somebody's own writes is between it and its predictor.
    if (parent !== undefined && isOwnProgram(parent.program)) await checkBytes(path, weights);
    else await checkWeights(path, weights);
  } catch (error) {
    if (error instanceof WeightsError)
      throw new UnusableWeights(`The trained weights cannot be used: ${error.message} Train again.`);
    throw error;
  }
  await context.blobs.adopt(path, weights.sha256);
  const model = run.destination_id === null ? undefined : await findModel(context.db, run.destination_id);
  if (parent === undefined || model === undefined)
    throw new Error(`Training ${run.id} has lost its base or its destination.`);
  const card = await readCard(context, run);
  const id = sha256Hex(`${parent.id} ${weights.sha256} ${run.id}`);
  return {
    reference: `${model.owner}/${model.name}:${id}`,
    weights,
    step: card?.steps,
    version: {
      id,
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
      training_id: run.id,
      created_at: "",
    },
  };
}

/** Call inside the transaction that ends the training. */
export async function publishVersion(tx: Db, publication: Publication, at: string): Promise<void> {
  await insertVersion(tx, { ...publication.version, created_at: at });
}

/** The model card that the attempt reported, if it did. */
async function readCard(context: Context, run: RunRow): Promise<Card | undefined> {
  const artifacts = await listEventsOfTypes(context.db, run.id, ["artifact"]);
  const reported = artifacts.findLast(
    (event) => event.attempt === run.attempt && ArtifactBody.parse(JSON.parse(event.body)).file.name === CARD_NAME,
  );
  if (reported === undefined) return undefined;
  const path = join(
    attemptFolder(context, run.id, run.attempt),
    ArtifactBody.parse(JSON.parse(reported.body)).file.path,
  );
  const card = Card.safeParse(await readJson(path));
  if (!card.success)
    throw new UnusableWeights(
      `Its ${CARD_NAME} is not a model card: ${card.error.issues[0]?.message}. Mend what the model's train() writes.`,
    );
  return card.data;
}

/** Undefined where the model wrote no JSON, or took the file away again. */
async function readJson(path: string): Promise<unknown> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > CARD_BYTES_MAX)
    throw new UnusableWeights(
      `Its ${CARD_NAME} has ${size} bytes; at most ${CARD_BYTES_MAX} are read. Make the model's train() write less.`,
    );
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}
