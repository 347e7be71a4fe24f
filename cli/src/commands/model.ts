/** `easel model create | add | list | show | delete`. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { ApiError, type CreateModel, type InputField, type Model, readInputFields, Visibility } from "@easel/contract";
import { defineCommand } from "citty";
import { UsageError } from "../failure.ts";
import { formatAge, formatFreed, formatTable } from "../format.ts";
import { findModel, readReference } from "../model-reference.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";

const json = { type: "boolean", description: "print JSON" } as const;

const create = defineCommand({
  meta: { name: "create", description: "Makes a model, into which trainings publish versions." },
  args: {
    model: { type: "positional", required: true, description: "its name, as owner/name" },
    hardware: { type: "string", default: "cpu", valueHint: "SKU", description: "what it runs on (default: cpu)" },
    visibility: { type: "string", default: "private", valueHint: "WHO", description: "public or private (default)" },
    description: { type: "string", description: "what it is" },
    json,
  },
  async run({ args }) {
    const { owner, name, version } = readReference(args.model);
    if (version !== undefined) throw new UsageError("A model is made without a version.", `Write ${owner}/${name}`);
    const visibility = Visibility.safeParse(args.visibility);
    if (!visibility.success) throw new UsageError(`--visibility is "${args.visibility}".`, "Write public or private.");
    const body: CreateModel = { owner, name, hardware: args.hardware, visibility: visibility.data };
    const model = await connect().models.create({ ...body, description: args.description });
    if (args.json) return terminal.data(JSON.stringify(model, null, 2));
    terminal.data(`${model.owner}/${model.name}`);
    terminal.words(
      `${terminal.paint.green("✓")} made. Train it: easel train easel/emoji --destination ${owner}/${name} input_images=@images.zip`,
    );
  },
});

const add = defineCommand({
  meta: { name: "add", description: "Publishes a folder with a Cog model of your own; for whoever runs the server." },
  args: {
    folder: { type: "positional", required: true, description: "a folder on the server's machine, with a cog.yaml" },
    name: { type: "string", valueHint: "MODEL", description: "owner/name (default: yours, named as the folder is)" },
    json,
  },
  async run({ args }) {
    const client = connect();
    const folder = resolve(args.folder);
    if (!existsSync(join(folder, "cog.yaml"))) {
      throw new UsageError(`There is no ${join(folder, "cog.yaml")}.`, "Name the folder of a Cog model.");
    }
    const { owner, name } = readReference(args.name ?? `${(await client.account.get()).username}/${nameOf(folder)}`);
    await client.models.get(owner, name).catch((error) => {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return client.models.create({ owner, name, hardware: "cpu", visibility: "private" });
    });
    const version = await client.versions.create(owner, name, { folder });
    if (args.json) return terminal.data(JSON.stringify(version, null, 2));
    terminal.data(`${owner}/${name}:${version.id}`);
    const { latest_version } = await client.models.get(owner, name);
    terminal.words(
      latest_version?.id === version.id
        ? `${terminal.paint.green("✓")} published. \`easel model show ${owner}/${name}\` lists its inputs.`
        : `This content was published before, and a newer version is there: name this one with its id.`,
    );
  },
});

/** A folder's name, made one that a model can have. */
function nameOf(folder: string): string {
  return basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "");
}

const list = defineCommand({
  meta: { name: "list", description: "Lists the models." },
  args: { json },
  async run({ args }) {
    const { results, next } = await connect().models.list();
    if (args.json) return terminal.data(JSON.stringify(results, null, 2));
    const rows = results.map(({ owner, name, latest_version, run_count, description }) => [
      `${owner}/${name}`,
      latest_version === null ? "no version" : formatAge(Date.parse(latest_version.created_at), Date.now()),
      `${run_count} runs`,
      description ?? "",
    ]);
    terminal.data(formatTable([["MODEL", "NEWEST VERSION", "USED", "DESCRIPTION"], ...rows]));
    if (next !== null) terminal.words("There are more; these are the first.");
  },
});

const show = defineCommand({
  meta: { name: "show", description: "Shows a model: its versions, and what its inputs are." },
  args: { model: { type: "positional", required: true, description: "owner/name, or owner/name:version" }, json },
  async run({ args }) {
    const reference = readReference(args.model);
    const client = connect();
    const model = await findModel(client, reference);
    const { owner, name } = reference;
    const version =
      reference.version === undefined
        ? model.latest_version
        : await client.versions.get(owner, name, reference.version);
    if (args.json) return terminal.data(JSON.stringify({ ...model, latest_version: version }, null, 2));
    terminal.data(describeModel(model));
    if (version === null) return;
    const { results } = await client.versions.list(owner, name);
    const rows = results.map(({ id, created_at }) => [id, formatAge(Date.parse(created_at), Date.now())]);
    terminal.data(`\nVersions\n${formatTable(rows, "  ")}`);
    terminal.data(describeFields("Inputs of a prediction", readInputFields(version, "Input")));
    const training = readInputFields(version, "TrainingInput");
    if (training) terminal.data(describeFields("Inputs of a training", training));
  },
});

const remove = defineCommand({
  meta: { name: "delete", description: "Deletes one version of a model, or a model that has none left." },
  args: { model: { type: "positional", required: true, description: "owner/name:version, or owner/name" } },
  async run({ args }) {
    const { owner, name, version } = readReference(args.model);
    const client = connect();
    const freed =
      version === undefined
        ? await client.models.delete(owner, name)
        : await client.versions.delete(owner, name, version);
    terminal.words(`${terminal.paint.green("✓")} ${args.model} is deleted. ${formatFreed(freed)}`);
  },
});

function describeModel({ owner, name, description, visibility, url }: Model): string {
  return [`${owner}/${name} (${visibility})`, description, url].filter(Boolean).join("\n");
}

function describeFields(title: string, fields: InputField[] = []): string {
  const rows = fields.map((field) => [field.name, describeType(field), describeDefault(field), describeField(field)]);
  return `\n${title}\n${formatTable(rows, "  ")}`;
}

function describeType({ type, isFile, choices, minimum, maximum }: InputField): string {
  if (choices !== undefined) return "choice";
  if (isFile) return "file";
  return minimum !== undefined && maximum !== undefined && maximum < 1e9 ? `${type} ${minimum}–${maximum}` : type;
}

function describeField({ description, choices }: InputField): string {
  return choices === undefined ? description : `${description.replace(/\.$/, "")}: ${choices.join(", ")}`;
}

function describeDefault({ required, default: value }: InputField): string {
  if (required) return "needed";
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

export const model = defineCommand({
  meta: { name: "model", description: "Makes, lists, shows and deletes models." },
  subCommands: { create, add, list, show, delete: remove },
});
