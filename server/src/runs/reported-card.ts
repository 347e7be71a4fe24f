/** The model card that a training wrote, as it stands in a file of an attempt. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ModelCard } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { CARD_BYTES_MAX, CARD_NAME } from "../models/card.ts";
import { attemptFolder } from "./attempt-folder.ts";
import { listEventsOfTypes } from "./events.ts";
import type { RunRow } from "./store.ts";
import { UnusableWeights } from "./unusable-weights.ts";

const ArtifactBody = z.object({ file: z.object({ name: z.string(), path: z.string() }) });

/** The card that the last attempt reported, if it did. Throws UnusableWeights where it is none. */
export async function readReportedCard(context: Context, run: RunRow): Promise<ModelCard | undefined> {
  const artifacts = await listEventsOfTypes(context.db, run.id, ["artifact"]);
  const reported = artifacts.findLast(
    (event) => event.attempt === run.attempt && ArtifactBody.parse(JSON.parse(event.body)).file.name === CARD_NAME,
  );
  if (reported === undefined) return undefined;
  const { file } = ArtifactBody.parse(JSON.parse(reported.body));
  return parseCard(await readText(join(attemptFolder(context, run.id, run.attempt), file.path)));
}

/** Throws UnusableWeights where the text is no card. */
export function parseCard(text: string): ModelCard {
  const card = ModelCard.safeParse(readJson(text));
  if (card.success) return card.data;
  throw new UnusableWeights(
    `Its ${CARD_NAME} is not a model card: ${card.error.issues[0]?.message}. Mend what the model's train() writes.`,
  );
}

/** Empty where the model took the file away again. */
async function readText(path: string): Promise<string> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > CARD_BYTES_MAX)
    throw new UnusableWeights(
      `Its ${CARD_NAME} has ${size} bytes; at most ${CARD_BYTES_MAX} are read. Make the model's train() write less.`,
    );
  return readFile(path, "utf8").catch(() => "");
}

/** Undefined where it is no JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
