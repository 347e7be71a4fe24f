/** What is found by words: models with how well they match, and collections. */
import { z } from "zod";
import { CollectionSummary } from "./collection.ts";
import { Model } from "./model.ts";

export const SearchResult = z.object({
  query: z.string(),
  models: z.array(
    z.object({
      model: Model,
      /** The higher the score, the better the match. */
      metadata: z.object({ generated_description: z.null(), tags: z.array(z.string()), score: z.number() }),
    }),
  ),
  collections: z.array(CollectionSummary.extend({ models: z.array(z.string()) })),
  pages: z.array(z.object({ name: z.string(), href: z.string() })),
});
export type SearchResult = z.infer<typeof SearchResult>;
