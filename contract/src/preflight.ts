/** What a training would make of an archive, asked for before there is a run. */
import { z } from "zod";

export const PreflightRequest = z.strictObject({
  /** The URL of a file, or a data: URI. */
  input_images: z.string(),
  /** `owner/name`: whose defaults hold for what is not given; easel/emoji where it is left out. */
  model: z.string().optional(),
  token_string: z.string().min(1).max(200).optional(),
  caption_prefix: z.string().optional(),
  /** Pixels. */
  resolution: z.int().min(64).max(2048).optional(),
  /** What the pictures have in common; it decides the defaults of others. */
  subject: z.string().max(100).optional(),
  initial_word: z.string().max(1000).optional(),
  mask_target_prompts: z.string().optional(),
  use_face_detection_instead: z.boolean().optional(),
});
export type PreflightRequest = z.infer<typeof PreflightRequest>;

/** From a table, from a text beside the picture, or to be written by the captioning model. */
export const CaptionSource = z.enum(["csv", "txt", "made"]);
export type CaptionSource = z.infer<typeof CaptionSource>;

export const PreflightReport = z.object({
  /** Blocked: no training can be made of it. Needs attention: it can, and is likely to disappoint. */
  verdict: z.enum(["ready", "needs attention", "blocked"]),
  used: z.array(
    z.object({
      /** The name in the user's archive. */
      file: z.string(),
      sha256: z.string(),
      /** Pixels of the upright picture. */
      width: z.int(),
      height: z.int(),
      /** As its owner wrote it; null where one will be made. */
      caption: z.string().nullable(),
      captionSource: CaptionSource,
      notes: z.array(z.string()),
    }),
  ),
  /** `fix` is null where there is nothing to be done, as for what an operating system leaves behind. */
  skipped: z.array(z.object({ file: z.string(), reason: z.string(), fix: z.string().nullable() })),
  /** Pairs of files with the same bytes. */
  duplicates: z.array(z.tuple([z.string(), z.string()])),
  captions: z.object({ csv: z.int(), txt: z.int(), made: z.int() }),
  /** Of `total` captions so many have the token string already; into the others it is put. `each` counts where there are several. */
  trigger: z.object({
    present: z.int(),
    total: z.int(),
    each: z.array(z.object({ token_string: z.string(), present: z.int() })).default([]),
  }),
  /** Sentences for the person, the weightiest first. */
  advice: z.array(z.string()),
});
export type PreflightReport = z.infer<typeof PreflightReport>;
