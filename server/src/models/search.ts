/** Finds models by words in their owner, name and description, and says how well each matches. */
import type { Db } from "../db.ts";
import { findModelsWithWords, type ModelRow } from "./store.ts";

export interface FoundModel {
  model: ModelRow;
  /** Above 0; a word that is the name itself counts most, one in the description least. */
  score: number;
}

/** The best match first. Words that are empty find nothing. */
export async function searchModels(db: Db, account: string, text: string): Promise<FoundModel[]> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const rows = await findModelsWithWords(db, account, words);
  return rows
    .map((model) => ({ model, score: words.reduce((sum, word) => sum + scoreOf(model, word), 0) / words.length }))
    .sort((a, b) => b.score - a.score);
}

function scoreOf({ owner, name }: ModelRow, word: string): number {
  if (word === name || word === `${owner}/${name}`) return 8;
  if (name.startsWith(word)) return 4;
  if (name.includes(word) || owner === word) return 2;
  return `${owner}/${name}`.includes(word) ? 1.5 : 1;
}
