/** `easel run`: one prediction, its pictures saved. */
import { readInputFields } from "@easel/contract";
import { defineCommand } from "citty";
import { openInBrowser } from "../browser.ts";
import { EXIT } from "../failure.ts";
import { followRun } from "../follow.ts";
import { formatDuration } from "../format.ts";
import { readInputs } from "../inputs.ts";
import { findVersion, readReference } from "../model-reference.ts";
import { saveOutputs } from "../outputs.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";
import { sendFiles } from "../upload.ts";

export const run = defineCommand({
  meta: { name: "run", description: "Runs a model once, saves what it gives, and prints the paths." },
  args: {
    model: { type: "positional", required: true, description: "owner/name, or owner/name:version" },
    inputs: { type: "positional", required: false, description: "its inputs, as name=value or name=@file" },
    output: {
      type: "string",
      alias: "o",
      default: ".",
      valueHint: "FOLDER",
      description: "where to save (default: here)",
    },
    wait: { type: "boolean", default: true, description: "start it, print its id and leave it to itself" },
    web: { type: "boolean", description: "open the prediction's page" },
    json: { type: "boolean", description: "print the prediction as JSON and save nothing" },
  },
  async run({ args }) {
    const reference = readReference(args.model);
    const client = connect();
    const version = await findVersion(client, reference);
    const fields = readInputFields(version, "Input") ?? [];
    const inputs = readInputs(args._.slice(1), fields, `${reference.owner}/${reference.name}`);
    const input = await sendFiles(client, inputs);
    const { id, urls } = await client.predictions.create({ version: version.id, input });
    if (args.web) openInBrowser(urls.web);
    if (args.wait) {
      const ending = await followRun(client, id);
      if (ending === "left") {
        terminal.words(`Left. The prediction goes on: easel predictions show ${id}`);
        return EXIT.interrupted;
      }
    }
    const prediction = await client.predictions.get(id);
    if (args.json) terminal.data(JSON.stringify(prediction, null, 2));
    else if (!args.wait) terminal.data(id);
    if (!args.wait) return EXIT.ok;
    if (prediction.status !== "succeeded") {
      const canceled = prediction.status === "canceled";
      terminal.problem(
        canceled ? "The prediction was canceled." : `The prediction failed: ${prediction.error}`,
        canceled ? undefined : `Its log: easel predictions logs ${id}`,
      );
      return EXIT.error;
    }
    if (!args.json) await saveOutputs(client, prediction, args.output);
    const { predict_time } = prediction.metrics;
    if (predict_time !== undefined) terminal.words(terminal.paint.dim(`${id}, ${formatDuration(predict_time)}`));
    return EXIT.ok;
  },
});
