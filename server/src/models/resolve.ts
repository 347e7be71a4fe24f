/** From what a client names to rows: a model by owner and name, a version by any of the forms that clients use. */
import { parseReference, VersionId } from "@easel/contract";
import type { Context } from "../context.ts";
import { HttpError, notFound, unprocessable } from "../errors.ts";
import { type Builtin, resolveVersionId } from "./builtin.ts";
import { type DeploymentRow, findDeployment } from "./deployments.ts";
import { findModel, findVisibleModel, type ModelRow } from "./store.ts";
import { findLatestVersion, findVersion, type VersionRow } from "./versions.ts";

export interface Named {
  model: ModelRow;
  version: VersionRow;
  /** The id as the client gave it: a public id of Replicate's is echoed as such. */
  versionAsked: string;
}

/** Throws the 404 of a model that is not there or not to be seen. */
export async function requireModel(context: Context, account: string, owner: string, name: string): Promise<ModelRow> {
  const model = await findVisibleModel(context.db, account, owner, name);
  if (model === undefined) throw notFound();
  return model;
}

/** A model that the caller may change. Throws 404, or 403 where it is to be seen but another's. */
export async function requireOwnModel(
  context: Context,
  account: string,
  owner: string,
  name: string,
): Promise<ModelRow> {
  const model = await requireModel(context, account, owner, name);
  if (model.owner === account) return model;
  throw new HttpError(
    403,
    `${owner}/${name} belongs to ${owner}. You can change your own models only: train or publish into one of those.`,
    {
      title: "Not yours",
    },
  );
}

/** The model's version of that id. Throws 404. */
export async function requireVersion(
  context: Context,
  builtins: Builtin[],
  model: ModelRow,
  id: string,
): Promise<Named> {
  const version = await findVersion(context.db, resolveVersionId(builtins, id));
  if (version === undefined || version.model_id !== model.id) throw notFound();
  return { model, version, versionAsked: id };
}

/**
 * A version as its path names it. Replicate's command line asks for a deployment's schema under the deployment's own
 * owner and name, as if a model were called so, so its current version answers there too. Throws 404.
 */
export async function requireVersionOf(
  context: Context,
  builtins: Builtin[],
  path: { account: string; owner: string; name: string; id: string },
): Promise<Named> {
  const { account, owner, name, id } = path;
  const model = await findVisibleModel(context.db, account, owner, name);
  if (model !== undefined) return requireVersion(context, builtins, model, id);
  const deployment = owner === account ? await findDeployment(context.db, owner, name) : undefined;
  if (deployment?.version_asked !== id) throw notFound();
  return resolveDeployment(context, deployment);
}

/** The model's newest version. Throws 422 while it has none. */
export async function requireLatestVersion(context: Context, model: ModelRow): Promise<Named> {
  const version = await findLatestVersion(context.db, model.id);
  if (version === undefined) {
    const name = `${model.owner}/${model.name}`;
    throw unprocessable(
      "No version yet",
      `${name} has no version yet. Train one: easel train easel/emoji --destination ${name} input_images=@data.zip`,
    );
  }
  return { model, version, versionAsked: version.id };
}

/** `owner/name`, `owner/name:id` or `id`, as `POST /predictions` takes them. Throws Replicate's 422 for anything else. */
export async function resolveReference(
  context: Context,
  builtins: Builtin[],
  account: string,
  text: string,
): Promise<Named> {
  if (VersionId.safeParse(text).success) {
    const version = await findVersion(context.db, resolveVersionId(builtins, text));
    const owner = version === undefined ? undefined : await findModel(context.db, version.model_id);
    const model = owner && (await findVisibleModel(context.db, account, owner.owner, owner.name));
    if (version === undefined || model === undefined) throw invalidVersion();
    return { model, version, versionAsked: text };
  }
  const reference = parseReference(text);
  if (reference === undefined) throw invalidVersion();
  const model = await findVisibleModel(context.db, account, reference.owner, reference.name);
  if (model === undefined) throw invalidVersion();
  if (reference.version === undefined) return requireLatestVersion(context, model);
  return requireVersion(context, builtins, model, reference.version).catch(() => {
    throw invalidVersion();
  });
}

/** The version that a deployment is pinned to, whoever has published what since, and the deployment's `owner/name`. */
export async function resolveDeployment(
  context: Context,
  deployment: DeploymentRow,
): Promise<Named & { deployment: string }> {
  const version = await findVersion(context.db, deployment.version_id);
  const model = version && (await findModel(context.db, version.model_id));
  if (version === undefined || model === undefined)
    throw new Error(`Deployment ${deployment.owner}/${deployment.name} has lost its version.`);
  return {
    model,
    version,
    versionAsked: deployment.version_asked,
    deployment: `${deployment.owner}/${deployment.name}`,
  };
}

function invalidVersion(): HttpError {
  return unprocessable(
    "Invalid version or not permitted",
    "The specified version does not exist (or perhaps you don't have permission to use it?)",
  );
}
