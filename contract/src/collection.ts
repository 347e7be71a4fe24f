/** A collection: models that go together. */
import { z } from "zod";
import { Model } from "./model.ts";
import { pageOf } from "./page.ts";

export const CollectionSummary = z.object({ name: z.string(), slug: z.string(), description: z.string() });
export type CollectionSummary = z.infer<typeof CollectionSummary>;

export const Collection = CollectionSummary.extend({
  full_description: z.string().nullable(),
  models: z.array(Model),
});
export type Collection = z.infer<typeof Collection>;

export const CollectionPage = pageOf(CollectionSummary);
export type CollectionPage = z.infer<typeof CollectionPage>;
