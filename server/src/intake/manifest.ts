/**
 * What a canonical archive says of itself, in its `manifest.json`: an agreement with the models, which read it in Python.
 *
 * Pictures stand in it as `0001.jpg …`, the user's own bytes, not turned and with their EXIF; only one of over 50 megapixels
 * is a smaller copy. A picture's transparency stays in the picture. `dataset.json` is kept as it is when the user's archive
 * has one, as an archive that `easel/prepare` wrote does.
 */
import { z } from "zod";

const Entry = z.object({ file: z.string(), name: z.string() });

export const Manifest = z.object({
  /** In the order of the user's archive. `name` is the name there, `file` the one here; what follows is about `file`. */
  images: z.array(
    Entry.extend({
      sha256: z.string(),
      /** Bytes. */
      size: z.int(),
      /** Pixels of the upright picture. */
      width: z.int(),
      height: z.int(),
      /** A mask of the user's own, such as `0001.mask.png`; white is what matters. */
      mask: z.string().optional(),
      /** What was done with it, in words for people. */
      notes: z.array(z.string()),
    }),
  ),
  /** The table as `captions.csv`, then the text beside each picture as `0001.txt`. */
  captions: z.array(Entry),
  /** Null: there is nothing to be done about it. */
  skipped: z.array(z.object({ name: z.string(), reason: z.string(), fix: z.string().nullable() })),
  dataset: z.literal("dataset.json").optional(),
});
export type Manifest = z.infer<typeof Manifest>;
export type ManifestImage = Manifest["images"][number];
export type Skipped = Manifest["skipped"][number];

/** What the server keeps beside the archive, so that it need not read it again. */
export const CanonicalArchive = Manifest.extend({
  sha256: z.string(),
  /** Bytes of the canonical archive. */
  size: z.int(),
  /** Where the bytes of each of its files stand in it. */
  places: z.record(z.string(), z.object({ start: z.int(), size: z.int() })),
  /** The look of each image in 64 bits, by file: alike pictures differ in few of them. */
  looks: z.record(z.string(), z.string()),
});
export type CanonicalArchive = z.infer<typeof CanonicalArchive>;
