/** A version's model card as the API shows it: as it was written, with links to the picture of each prompt. */
import { join } from "node:path";
import { type ModelCard, ReportedFile } from "@easel/contract";
import { z } from "zod";
import { ROOT } from "../config.ts";
import type { Context } from "../context.ts";
import { signPath } from "../files/sign.ts";
import { BUILTINS } from "../models/builtin.ts";
import { readCard } from "../models/card.ts";
import type { VersionRow } from "../models/versions.ts";
import { listEventsOfTypes } from "./events.ts";
import { presentRunFile } from "./present.ts";
import { listSamples } from "./samples.ts";

const PICTURE = /^check-(\d+)\.\w+$/;
const Body = z.object({ file: ReportedFile });

/** Undefined where there is none: for a base, and for a trained version whose model writes no card. */
export async function presentCard(
  context: Context,
  version: VersionRow,
  origin: string,
): Promise<ModelCard | undefined> {
  if (version.card === null) return undefined;
  const card = readCard(version.card);
  const pictures = await listPictures(context, version, card, origin);
  const { weights_sha256: sha256, weights_size: size } = version;
  return {
    ...card,
    prompts: card.prompts.map((prompt, place) => ({ ...prompt, picture: pictures.get(place) ?? null })),
    weights: sha256 === null || size === null ? null : { sha256, size },
  };
}

/** The pictures that were drawn of the card's prompts before the version was published, by their place among them. */
async function listPictures(
  context: Context,
  version: VersionRow,
  card: ModelCard,
  origin: string,
): Promise<Map<number, string>> {
  if (version.training_id !== null) return listChecks(context, version.training_id, origin);
  if (version.snapshot_of !== null) return listSamplesOf(context, version, card, origin);
  return listOwnPictures(context, version.id, card, origin);
}

/** What a training drew with the weights that it published. */
async function listChecks(context: Context, trainingId: string, origin: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const { attempt, body } of await listEventsOfTypes(context.db, trainingId, ["artifact"])) {
    const { file } = Body.parse(JSON.parse(body));
    const place = PICTURE.exec(file.name)?.[1];
    if (place === undefined) continue;
    found.set(Number(place), presentRunFile(context, trainingId, attempt, file, origin).url);
  }
  return found;
}

/** What a training drew with the snapshot that a person chose. */
async function listSamplesOf(
  context: Context,
  { snapshot_of, snapshot_step }: VersionRow,
  { prompts }: ModelCard,
  origin: string,
): Promise<Map<number, string>> {
  const runId = snapshot_of ?? "";
  const samples = await listSamples(context.db, runId, snapshot_step ?? 0);
  const found = new Map<number, string>();
  for (const [place, { prompt, seed }] of prompts.entries()) {
    const sample = samples.find((one) => one.prompt === prompt && one.seed === seed);
    if (sample !== undefined) found.set(place, presentRunFile(context, runId, sample.attempt, sample.file, origin).url);
  }
  return found;
}

function listOwnPictures(context: Context, versionId: string, { prompts }: ModelCard, origin: string) {
  const link = (place: number) => origin + signPath(context.signingKey, `/v1/versions/${versionId}/pictures/${place}`);
  return new Map(prompts.map((_prompt, place) => [place, link(place)]));
}

/** The file of a picture that comes with Easel; undefined where there is none of that place. */
export function findOwnPicture(versionId: string, place: number): string | undefined {
  const trained = BUILTINS.find((builtin) => builtin.versionId === versionId)?.trained;
  return trained && join(ROOT, trained.folder, `check-${place}.png`);
}
