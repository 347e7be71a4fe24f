/** A deployment: a name under which one version of a model is kept ready, whatever is trained after it. */
import { z } from "zod";
import { Account } from "./account.ts";
import { pageOf } from "./page.ts";
import { Name, VersionId } from "./reference.ts";

/** How many model processes a deployment may hold. `min` stay loaded also while nothing waits; `max` bounds them. */
const hardware = z.string().min(1).max(100);
const min_instances = z.int().min(0).max(5);
const max_instances = z.int().min(0).max(20);

/** `number` counts the changes of a deployment, from 1. */
export const Release = z.object({
  number: z.int(),
  model: z.string(),
  version: z.string(),
  created_at: z.iso.datetime(),
  created_by: Account.pick({ type: true, username: true, name: true }),
  configuration: z.object({ hardware: z.string(), min_instances: z.int(), max_instances: z.int() }),
});
export type Release = z.infer<typeof Release>;

export const Deployment = z.object({ owner: z.string(), name: z.string(), current_release: Release });
export type Deployment = z.infer<typeof Deployment>;

export const DeploymentPage = pageOf(Deployment);
export type DeploymentPage = z.infer<typeof DeploymentPage>;

/** The body of `POST /v1/deployments`. `model` is `owner/name`; unknown keys are passed over. */
export const CreateDeployment = z.object({
  name: Name,
  model: z.string().min(1),
  version: VersionId,
  hardware,
  min_instances,
  max_instances,
});
export type CreateDeployment = z.infer<typeof CreateDeployment>;

/** The body of `PATCH /v1/deployments/{owner}/{name}`: what is not given stays as it is. */
export const UpdateDeployment = z.object({
  version: VersionId.optional(),
  hardware: hardware.optional(),
  min_instances: min_instances.optional(),
  max_instances: max_instances.optional(),
});
export type UpdateDeployment = z.infer<typeof UpdateDeployment>;
