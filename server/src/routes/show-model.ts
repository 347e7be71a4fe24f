/** Models with all that a reply shows beside their row: the newest version, how often they ran, the default example. */
import type { Model } from "@easel/contract";
import type { Context } from "../context.ts";
import { presentModel } from "../models/present.ts";
import type { ModelRow } from "../models/store.ts";
import { findLatestVersion } from "../models/versions.ts";
import { presentCard } from "../runs/card.ts";
import { findDefaultExample } from "../runs/examples.ts";
import { presentExample } from "../runs/present.ts";
import { countRunsOfModels } from "../runs/store.ts";

export async function showModels(context: Context, rows: ModelRow[], origin: string): Promise<Model[]> {
  const { db } = context;
  const counts = await countRunsOfModels(
    db,
    rows.map((row) => row.id),
  );
  return Promise.all(
    rows.map(async (row) => {
      const latest = await findLatestVersion(db, row.id);
      const card = row.cover_image_url === null && latest ? await presentCard(context, latest, origin) : undefined;
      const example = await findDefaultExample(db, row.id);
      return presentModel(row, {
        origin,
        latest,
        cover: row.cover_image_url ?? card?.prompts[0]?.picture ?? null,
        runCount: counts.get(row.id) ?? 0,
        example: example === undefined ? null : await presentExample(context, example, origin),
      });
    }),
  );
}

export async function showModel(context: Context, row: ModelRow, origin: string): Promise<Model> {
  const [model] = await showModels(context, [row], origin);
  if (model === undefined) throw new Error("One model gave none.");
  return model;
}
