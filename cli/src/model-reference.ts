/** From a model's name on the command line to the version that is meant. */
import { ApiError, type Client, type Model, parseReference, type Reference, type Version } from "@easel/contract";
import { CommandFailure, UsageError } from "./failure.ts";

/** Reads `owner/name[:version]`; throws UsageError where the text is neither. */
export function readReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference !== undefined) return reference;
  throw new UsageError(
    `"${text}" is no model.`,
    "Write models as owner/name, in small letters, or owner/name:version with the version's 64 hexadecimal digits.",
  );
}

/** The model; where there is none, the way to one. */
export async function findModel(client: Client, { owner, name }: Reference): Promise<Model> {
  try {
    return await client.models.get(owner, name);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    throw new CommandFailure(
      `There is no model ${owner}/${name}.`,
      `\`easel model list\` shows those there are; \`easel model create ${owner}/${name}\` makes it.`,
    );
  }
}

/** The version named, or else the model's newest. */
export async function findVersion(client: Client, reference: Reference): Promise<Version> {
  const { owner, name, version } = reference;
  if (version !== undefined) return client.versions.get(owner, name, version);
  const { latest_version } = await findModel(client, reference);
  if (latest_version !== null) return latest_version;
  throw new CommandFailure(
    `${owner}/${name} has no version yet, because nothing was trained into it.`,
    `Train one: easel train easel/emoji --destination ${owner}/${name} input_images=@images.zip`,
  );
}
