/** `easel predictions list | show | cancel | delete | logs`. */
import { defineCommand } from "citty";
import { EXIT } from "../failure.ts";
import { followRun } from "../follow.ts";
import { formatBytes } from "../format.ts";
import { deleteRun, printLog, printRun, printRuns, readRunId, sayCanceled } from "../run-commands.ts";
import { connect } from "../settings.ts";

const id = { type: "positional", required: true, description: "the prediction's id" } as const;
const json = { type: "boolean", description: "print JSON" } as const;

const list = defineCommand({
  meta: { name: "list", description: "Lists the newest predictions." },
  args: { json },
  run: async ({ args }) => printRuns(await connect().predictions.list(), args.json, ({ model }) => model),
});

const show = defineCommand({
  meta: { name: "show", description: "Shows a prediction." },
  args: { id, json },
  async run({ args }) {
    const client = connect();
    const prediction = await client.predictions.get(readRunId(args.id));
    const outputs = [prediction.output].flat().filter((output) => output !== null);
    await printRun(client, prediction, args.json, [
      ["model", `${prediction.model}:${prediction.version.slice(0, 12)}`],
      ...outputs.map((output): [string, string] => ["output", describeOutput(output)]),
    ]);
  },
});

const cancel = defineCommand({
  meta: { name: "cancel", description: "Cancels a prediction." },
  args: { id, json },
  run: async ({ args }) => sayCanceled(await connect().predictions.cancel(readRunId(args.id)), args.json),
});

const remove = defineCommand({
  meta: { name: "delete", description: "Removes what a prediction was given and has made." },
  args: { id },
  run: async ({ args }) => deleteRun(connect(), args.id),
});

const logs = defineCommand({
  meta: { name: "logs", description: "Prints a prediction's log." },
  args: { id, follow: { type: "boolean", alias: "f", description: "go on until the prediction ends" } },
  async run({ args }) {
    const client = connect();
    const prediction = await client.predictions.get(readRunId(args.id));
    if (!args.follow) return printLog(client, prediction);
    const ending = await followRun(client, prediction.id, { logs: true });
    return ending === "succeeded" ? EXIT.ok : ending === "left" ? EXIT.interrupted : EXIT.error;
  },
});

/** A client that waited has its picture in the reply itself; nobody reads that. */
function describeOutput(output: unknown): string {
  if (typeof output !== "string") return JSON.stringify(output);
  const [, type] = /^data:([^;,]*)/.exec(output) ?? [];
  return type === undefined
    ? output
    : `${type}, ${formatBytes(Math.floor((output.length * 3) / 4))}, in the reply itself`;
}

export const predictions = defineCommand({
  meta: { name: "predictions", description: "Lists, shows, cancels and deletes predictions." },
  subCommands: { list, show, cancel, delete: remove, logs },
});
