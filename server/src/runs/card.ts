/** A version's model card as the API shows it: as it was written, with links to the picture of each prompt. */
import { join } from "node:path";
import { ModelCard, ReportedFile } from "@easel/contract";
import { z } from "zod";
import { ROOT } from "../config.ts";
import type { Context } from "../context.ts";
import { signPath } from "../files/sign.ts";
import { BUILTINS } from "../models/builtin.ts";
import { readCard } from "../models/card.ts";
import type { VersionRow } from "../models/versions.ts";
import { listEventsOfTypes } from "./events.ts";
import { presentRunFile } from "./present.ts";

const PICTURE = /^check-(\d+)\.\w+$/;
const Body = z.object({ file: ReportedFile });

/** Undefined where there is none: for a base, and for a trained version whose model writes no card. */
export async function presentCard(
  context: Context,
  version: VersionRow,
  origin: string,
): Promise<ModelCard | undefined> {
  if (version.card === null) return undefined;
  const card = ModelCard.parse(JSON.parse(version.card));
  const pictures = await listPictures(context, version, origin);
  const { weights_sha256: sha256, weights_size: size } = version;
  return {
    ...card,
    prompts: card.prompts.map((prompt, place) => ({ ...prompt, picture: pictures.get(place) ?? null })),
    weights: sha256 === null || size === null ? null : { sha256, size },
  };
}

/** The pictures that were drawn of the card's prompts before the version was published, by their place among them. */
async function listPictures(context: Context, version: VersionRow, origin: string): Promise<Map<number, string>> {
  if (version.training_id === null) return listOwnPictures(context, version, origin);
  const found = new Map<number, string>();
  for (const { attempt, body } of await listEventsOfTypes(context.db, version.training_id, ["artifact"])) {
    const { file } = Body.parse(JSON.parse(body));
    const place = PICTURE.exec(file.name)?.[1];
    if (place === undefined) continue;
    found.set(Number(place), presentRunFile(context, version.training_id, attempt, file, origin).url);
  }
  return found;
}

function listOwnPictures(context: Context, { id, card }: VersionRow, origin: string): Map<number, string> {
  const prompts = card === null ? [] : readCard(card).prompts;
  const link = (place: number) => origin + signPath(context.signingKey, `/v1/versions/${id}/pictures/${place}`);
  return new Map(prompts.map((_prompt, place) => [place, link(place)]));
}

/** The file of a picture that comes with Easel; undefined where there is none of that place. */
export function findOwnPicture(versionId: string, place: number): string | undefined {
  const trained = BUILTINS.find((builtin) => builtin.versionId === versionId)?.trained;
  return trained && join(ROOT, trained.folder, `check-${place}.png`);
}
