/** A page of a list. `next` and `previous` are absolute URLs, so that a client can follow them as they are. */
import { z } from "zod";

export interface Page<Item> {
  previous: string | null;
  next: string | null;
  results: Item[];
}

/** The schema of a page whose entries have the schema `item`. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ previous: z.string().nullable(), next: z.string().nullable(), results: z.array(item) });
}
