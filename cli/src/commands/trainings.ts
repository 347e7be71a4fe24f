/** `easel trainings list | show | follow | cancel | keep | publish | save-state | delete | logs`. */
import { type Client, isTerminal, type Training } from "@easel/contract";
import { defineCommand } from "citty";
import { UsageError } from "../failure.ts";
import { followTraining } from "../follow-training.ts";
import { deleteRun, printLog, printRun, printRuns, readRunId, sayCanceled } from "../run-commands.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";

const id = { type: "positional", required: true, description: "the training's id" } as const;
const json = { type: "boolean", description: "print JSON" } as const;

const list = defineCommand({
  meta: { name: "list", description: "Lists the newest trainings." },
  args: { json },
  run: async ({ args }) => printRuns(await connect().trainings.list(), args.json, describe),
});

const show = defineCommand({
  meta: { name: "show", description: "Shows a training." },
  args: { id, json },
  async run({ args }) {
    const client = connect();
    const training = await client.trainings.get(readRunId(args.id));
    const snapshots = args.json ? [] : await listSnapshotSteps(client, training.id);
    await printRun(client, training, args.json, [
      ["trained", `${training.model}:${training.version.slice(0, 12)}`],
      ["into", training.destination],
      ["version", training.output?.version ?? ""],
      ["weights", training.output?.weights ?? ""],
      ["snapshots", snapshots.length === 0 ? "" : `of steps ${snapshots.join(", ")}`],
    ]);
  },
});

const follow = defineCommand({
  meta: { name: "follow", description: "Follows a training to its end, as `easel train` does." },
  args: { id, json },
  async run({ args }) {
    const client = connect();
    return followTraining(client, await client.trainings.get(readRunId(args.id)), { json: args.json });
  },
});

const cancel = defineCommand({
  meta: { name: "cancel", description: "Cancels a training; nothing is published." },
  args: { id, json },
  run: async ({ args }) => sayCanceled(await connect().trainings.cancel(readRunId(args.id)), args.json),
});

const keep = defineCommand({
  meta: { name: "keep", description: "Ends a training early and publishes what it has learnt so far." },
  args: { id, json },
  async run({ args }) {
    const client = connect();
    const training = await client.runs.stopAndKeep(readRunId(args.id));
    return followTraining(client, training, { json: args.json });
  },
});

const publish = defineCommand({
  meta: { name: "publish", description: "Publishes a snapshot of a training as a new version of its model." },
  args: { id, step: { type: "string", required: true, valueHint: "N", description: "the snapshot's step" }, json },
  async run({ args }) {
    const client = connect();
    const training = await client.trainings.get(readRunId(args.id));
    const version = await client.runs.publishSnapshot(training.id, readStep(args.step));
    if (args.json) return terminal.data(JSON.stringify(version, null, 2));
    terminal.data(`${training.destination}:${version.id}`);
    terminal.words(`${terminal.paint.green("✓")} ${training.destination} has the weights as of step ${args.step}`);
  },
});

const saveState = defineCommand({
  meta: { name: "save-state", description: "Writes a training state after the step under way: a resume begins there." },
  args: { id, json },
  async run({ args }) {
    const training = await connect().runs.saveState(readRunId(args.id));
    if (args.json) return terminal.data(JSON.stringify(training, null, 2));
    if (isTerminal(training.status)) return terminal.words(`The training has ended: ${training.status}.`);
    terminal.words("Asked for. The state is written after the step under way.");
  },
});

const remove = defineCommand({
  meta: {
    name: "delete",
    description: "Removes a training's samples, snapshots and log; the version it published stays.",
  },
  args: { id },
  run: async ({ args }) => deleteRun(connect(), args.id),
});

const logs = defineCommand({
  meta: { name: "logs", description: "Prints a training's log." },
  args: { id, follow: { type: "boolean", alias: "f", description: "go on until the training ends" } },
  async run({ args }) {
    const client = connect();
    const training = await client.trainings.get(readRunId(args.id));
    if (args.follow) return followTraining(client, training, { logs: true });
    return printLog(client, training);
  },
});

/** By step, each once, however many attempts came past it. */
async function listSnapshotSteps(client: Client, id: string): Promise<number[]> {
  const { results } = await client.runs.artifacts(id);
  const steps = results.flatMap(({ type, step }) => (type === "snapshot" && step !== undefined ? [step] : []));
  return [...new Set(steps)].sort((a, b) => a - b);
}

function readStep(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--step is "${text}".`, "Give a snapshot's step: `easel trainings show` lists them.");
}

function describe({ model, destination }: Training): string {
  return `${model} → ${destination}`;
}

export const trainings = defineCommand({
  meta: {
    name: "trainings",
    description: "Lists, shows, follows, ends and deletes trainings; publishes their snapshots.",
  },
  subCommands: { list, show, follow, cancel, keep, publish, "save-state": saveState, delete: remove, logs },
});
