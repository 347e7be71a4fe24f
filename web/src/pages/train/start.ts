/** Starts a training: makes the destination where it does not exist yet, then the training itself. */
import { ApiError, type InputField, type Model, type Training } from "@easel/contract";
import { client, queries } from "../../client.ts";
import { makeInput } from "../../form-values.ts";
import type { Draft } from "./draft.ts";

/** Throws ApiError; a model that was made stays, and a second try takes it. */
export async function startTraining(
  draft: Draft,
  base: Model,
  fields: InputField[],
  account: string,
  imagesUrl: string,
): Promise<Training> {
  const input = await makeInput(client, fields, draft.values);
  input.input_images = imagesUrl;
  if (Object.keys(draft.edits).length > 0) input.edits = JSON.parse(JSON.stringify(draft.edits));
  const destination = draft.destination || `${account}/${draft.newName}`;
  if (draft.destination === "") await ensureModel(account, draft.newName, base);
  const training = await client.trainings.create(base.owner, base.name, base.latest_version?.id ?? "", {
    destination,
    input,
  });
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["trainings"] }),
    queries.invalidateQueries({ queryKey: ["models"] }),
  ]);
  return training;
}

async function ensureModel(owner: string, name: string, base: Model): Promise<void> {
  const hardware = base.owner === "stability-ai" ? "gpu" : "cpu";
  try {
    await client.models.create({ owner, name, visibility: "private", hardware });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}
