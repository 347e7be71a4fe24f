/** A file that a run has made, besides or before its output. */
import { z } from "zod";
import { RunFile } from "./events.ts";
import { pageOf } from "./page.ts";

/** `step`, `prompt` and `seed` are of samples and snapshots, as far as they have them. */
export const Artifact = z.object({
  type: z.enum(["output", "artifact", "sample", "snapshot"]),
  attempt: z.int(),
  at: z.iso.datetime(),
  step: z.number().optional(),
  prompt: z.string().optional(),
  seed: z.number().optional(),
  /** Of a snapshot: the id of the version that was published of it, by the training or by a person. */
  version: z.string().optional(),
  file: RunFile,
});
export type Artifact = z.infer<typeof Artifact>;

export const ArtifactPage = pageOf(Artifact);
export type ArtifactPage = z.infer<typeof ArtifactPage>;
