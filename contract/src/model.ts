/** A model: a name under which versions are published. */
import { z } from "zod";
import { pageOf } from "./page.ts";
import { Prediction } from "./prediction.ts";
import { Name } from "./reference.ts";
import { Version } from "./version.ts";

export const Visibility = z.enum(["public", "private"]);
export type Visibility = z.infer<typeof Visibility>;

export const Model = z.object({
  url: z.string(),
  owner: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  visibility: Visibility,
  is_official: z.boolean(),
  github_url: z.string().nullable(),
  paper_url: z.string().nullable(),
  license_url: z.string().nullable(),
  weights_url: z.string().nullable(),
  run_count: z.int(),
  cover_image_url: z.string().nullable(),
  default_example: Prediction.nullable(),
  latest_version: Version.nullable(),
  created_at: z.iso.datetime(),
});
export type Model = z.infer<typeof Model>;

export const ModelPage = pageOf(Model);
export type ModelPage = z.infer<typeof ModelPage>;

/** The body of `POST /v1/models`. Any hardware name is taken; unknown keys are passed over. */
export const CreateModel = z.object({
  owner: Name,
  name: Name,
  visibility: Visibility,
  hardware: z.string().min(1).max(100),
  description: z.string().max(10_000).nullish(),
  github_url: z.string().nullish(),
  paper_url: z.string().nullish(),
  license_url: z.string().nullish(),
  cover_image_url: z.string().nullish(),
});
export type CreateModel = z.infer<typeof CreateModel>;
