/** `easel train`: sends the images, starts a training and follows it to its end. */
import { ApiError, type Client, type Reference, readInputFields, type Training } from "@easel/contract";
import { defineCommand } from "citty";
import { openInBrowser } from "../browser.ts";
import { sendEdits } from "../edits.ts";
import { CommandFailure, UsageError } from "../failure.ts";
import { followTraining } from "../follow-training.ts";
import { readInputs } from "../inputs.ts";
import { findVersion, readReference } from "../model-reference.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";
import { sendFiles } from "../upload.ts";

export const train = defineCommand({
  meta: {
    name: "train",
    description: "Trains a model on your images and publishes the result as a version of another.",
  },
  args: {
    model: {
      type: "positional",
      required: true,
      description: "what to train: easel/emoji, or any model that can be trained",
    },
    inputs: { type: "positional", required: false, description: "the training's inputs, as name=value or name=@file" },
    destination: { type: "string", alias: "d", valueHint: "MODEL", description: "the model that gets the version" },
    edits: { type: "string", valueHint: "FILE", description: "changes to single images: JSON, by their sha256" },
    wait: { type: "boolean", default: true, description: "start the training and leave it to itself" },
    web: { type: "boolean", description: "open the training's page" },
    json: { type: "boolean", description: "print the training as JSON" },
  },
  async run({ args }) {
    const reference = readReference(args.model);
    if (!args.destination) {
      throw new UsageError("A training needs a destination.", "Name it with --destination owner/name.");
    }
    const destination = readReference(args.destination);
    const client = connect();
    const version = await findVersion(client, reference);
    const fields = readInputFields(version, "TrainingInput");
    const name = `${reference.owner}/${reference.name}`;
    if (fields === undefined)
      throw new CommandFailure(`${name} cannot be trained.`, "Train on a base such as easel/emoji.");
    const inputs = readInputs(args._.slice(1), fields, name);
    await requireDestination(client, destination);
    const edits = args.edits === undefined ? undefined : await sendEdits(client, args.edits);
    const input = await sendFiles(client, inputs);
    if (edits !== undefined) input.edits = edits;
    const training = await client.trainings.create(reference.owner, reference.name, version.id, {
      destination: `${destination.owner}/${destination.name}`,
      input,
    });
    terminal.words(`Training ${terminal.paint.bold(training.id)}`);
    if (args.web) openInBrowser(training.urls.web);
    return args.wait ? followTraining(client, training, { json: args.json }) : leave(training, args.json);
  },
});

/** Before anything is sent: a training without a place for its result would be refused after minutes of upload. */
async function requireDestination(client: Client, { owner, name }: Reference): Promise<void> {
  try {
    await client.models.get(owner, name);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    throw new CommandFailure(
      `The destination ${owner}/${name} does not exist.`,
      `Make it: easel model create ${owner}/${name} --hardware cpu`,
    );
  }
}

function leave(training: Training, json: boolean | undefined): void {
  terminal.data(json ? JSON.stringify(training, null, 2) : training.id);
  terminal.words(`Follow it: easel trainings follow ${training.id}`);
}
