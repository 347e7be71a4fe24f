/** `easel deployments create | list | show | update | delete`. */
import { ApiError, type Client, type Deployment } from "@easel/contract";
import { defineCommand } from "citty";
import { CommandFailure, UsageError } from "../failure.ts";
import { formatAge, formatTable } from "../format.ts";
import { findVersion, readReference } from "../model-reference.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";

const name = { type: "positional", required: true, description: "its name; yours, or owner/name" } as const;
const json = { type: "boolean", description: "print JSON" } as const;
const hardware = { type: "string", valueHint: "SKU", description: "what it runs on" } as const;
const min = { type: "string", valueHint: "N", description: "processes that stay loaded, 0 to 5" } as const;
const max = { type: "string", valueHint: "N", description: "processes at most, 0 to 20; 0 turns it off" } as const;

const create = defineCommand({
  meta: { name: "create", description: "Keeps a version ready under a name of your own." },
  args: {
    name,
    model: { type: "string", required: true, valueHint: "MODEL", description: "owner/name, or owner/name:version" },
    hardware: { ...hardware, default: "cpu" },
    "min-instances": { ...min, default: "0" },
    "max-instances": { ...max, default: "1" },
    json,
  },
  async run({ args }) {
    const client = connect();
    const reference = readReference(args.model);
    const version = await findVersion(client, reference);
    const deployment = await client.deployments.create({
      name: args.name,
      model: `${reference.owner}/${reference.name}`,
      version: version.id,
      hardware: args.hardware,
      min_instances: readCount("min-instances", args["min-instances"]),
      max_instances: readCount("max-instances", args["max-instances"]),
    });
    print(deployment, args.json);
  },
});

const list = defineCommand({
  meta: { name: "list", description: "Lists your deployments." },
  args: { json },
  async run({ args }) {
    const page = await connect().deployments.list();
    if (args.json) return terminal.data(JSON.stringify(page.results, null, 2));
    const rows = page.results.map((deployment) => {
      const { model, version, number, created_at, configuration } = deployment.current_release;
      const { min_instances, max_instances } = configuration;
      const age = formatAge(Date.parse(created_at), Date.now());
      const instances = `${min_instances} to ${max_instances}`;
      return [nameOf(deployment), `${model}:${version.slice(0, 12)}`, `${number}, ${age}`, instances];
    });
    terminal.data(formatTable([["DEPLOYMENT", "VERSION", "RELEASE", "PROCESSES"], ...rows]));
    if (page.next !== null) terminal.words(`These are the newest ${page.results.length}.`);
  },
});

const show = defineCommand({
  meta: { name: "show", description: "Shows a deployment and its current release." },
  args: { name, json },
  async run({ args }) {
    const client = connect();
    const [owner, deployment] = await readName(client, args.name);
    print(await found(client.deployments.get(owner, deployment), deployment), args.json);
  },
});

const update = defineCommand({
  meta: { name: "update", description: "Makes a new release; what is not given stays as it is." },
  args: {
    name,
    version: { type: "string", valueHint: "ID", description: "another version of its model, 64 hexadecimal digits" },
    hardware,
    "min-instances": min,
    "max-instances": max,
    json,
  },
  async run({ args }) {
    const client = connect();
    const [owner, deployment] = await readName(client, args.name);
    const change = {
      version: args.version,
      hardware: args.hardware,
      min_instances: readCount("min-instances", args["min-instances"]),
      max_instances: readCount("max-instances", args["max-instances"]),
    };
    print(await found(client.deployments.update(owner, deployment, change), deployment), args.json);
  },
});

const remove = defineCommand({
  meta: { name: "delete", description: "Deletes a deployment whose predictions have all ended." },
  args: { name },
  async run({ args }) {
    const client = connect();
    const [owner, deployment] = await readName(client, args.name);
    await found(client.deployments.delete(owner, deployment), deployment);
    terminal.words(`${terminal.paint.green("✓")} ${owner}/${deployment} is gone; the model and its versions stay.`);
  },
});

/** Owner and name; a name alone is the caller's own. */
async function readName(client: Client, text: string): Promise<[owner: string, name: string]> {
  if (!text.includes("/")) return [(await client.account.get()).username, text];
  const { owner, name, version } = readReference(text);
  if (version === undefined) return [owner, name];
  throw new UsageError("A deployment has releases, not versions.", `Write ${owner}/${name}`);
}

/** What was asked of a deployment; where there is none of that name, the way to one. */
async function found<Reply>(asked: Promise<Reply>, name: string): Promise<Reply> {
  return asked.catch((error) => {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    throw new CommandFailure(
      `There is no deployment ${name} of yours, or no such version for it.`,
      "`easel deployments list` shows those there are.",
    );
  });
}

function readCount(option: string, text: string): number;
function readCount(option: string, text: string | undefined): number | undefined;
function readCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--${option} is "${text}".`, "Write a whole number.");
}

function print(deployment: Deployment, isJson: boolean | undefined): void {
  if (isJson) {
    terminal.data(JSON.stringify(deployment, null, 2));
    return;
  }
  const { number, model, version, created_at, configuration } = deployment.current_release;
  const { hardware, min_instances, max_instances } = configuration;
  terminal.data(
    formatTable([
      ["deployment", nameOf(deployment)],
      ["release", `${number}, ${formatAge(Date.parse(created_at), Date.now())}`],
      ["version", `${model}:${version}`],
      ["hardware", hardware],
      ["processes", `${min_instances} to ${max_instances}`],
    ]),
  );
}

function nameOf({ owner, name }: Deployment): string {
  return `${owner}/${name}`;
}

export const deployments = defineCommand({
  meta: { name: "deployments", description: "Keeps versions ready under names of your own." },
  subCommands: { create, list, show, update, delete: remove },
});
