/** The collections there are: one, of the models that a training can start from. */
import type { CollectionSummary } from "@easel/contract";
import type { Db } from "../db.ts";
import { listTrainableModels, type ModelRow } from "./store.ts";

export interface CollectionOfModels extends CollectionSummary {
  full_description: string | null;
  list: (db: Db, account: string) => Promise<ModelRow[]>;
}

export const COLLECTIONS: CollectionOfModels[] = [
  {
    name: "Fine-tunable models",
    slug: "fine-tunable",
    description: "Models that can be trained on your own images.",
    full_description: null,
    list: listTrainableModels,
  },
];
