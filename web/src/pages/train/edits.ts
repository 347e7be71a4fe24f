/** What a person changed about single images before a training, by the sha256 of the image: the input `edits`. */
import { z } from "zod";

/** `crop` is [x, y, side] in pixels of the upright image; `mask` a data: URI of a picture over the whole of it. */
const Edit = z.object({
  crop: z.tuple([z.number(), z.number(), z.number()]).optional(),
  caption: z.string().optional(),
  mask: z.string().optional(),
  drop: z.boolean().optional(),
});
export type Edit = z.infer<typeof Edit>;
export const Edits = z.record(z.string(), Edit);
export type Edits = z.infer<typeof Edits>;

/** `edits` with a change to one image; what is undefined in it is as if it had never been changed. */
export function edited(edits: Edits, sha256: string, change: Edit): Edits {
  const edit = Object.fromEntries(
    Object.entries({ ...edits[sha256], ...change }).filter(([, value]) => value !== undefined),
  );
  const { [sha256]: _before, ...others } = edits;
  return Object.keys(edit).length === 0 ? others : { ...others, [sha256]: edit };
}
