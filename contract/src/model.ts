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

const description = z.string().max(10_000).nullish();
/** Pages show these as links. Clients send an empty one for none. */
const link = z
  .union([z.literal("").transform(() => null), z.url({ protocol: /^https?$/, error: "must be an http or https URL" })])
  .nullish();
const links = { github_url: link, paper_url: link, license_url: link, cover_image_url: link };

/** The body of `POST /v1/models`. Any hardware name is taken; unknown keys are passed over. */
export const CreateModel = z.object({
  owner: Name,
  name: Name,
  visibility: Visibility,
  hardware: z.string().min(1).max(100),
  description,
  ...links,
});
export type CreateModel = z.infer<typeof CreateModel>;

/** The body of `PATCH /v1/models/{owner}/{name}`: what is not given stays as it is, null takes it away. */
export const UpdateModel = z.object({
  description,
  ...links,
  weights_url: link,
  /** Markdown. */
  readme: z.string().max(500_000).nullish(),
  visibility: Visibility.optional(),
});
export type UpdateModel = z.infer<typeof UpdateModel>;
