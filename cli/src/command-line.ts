/** From words on a command line to the command that they name; from what is thrown to words and an exit code. */
import { ApiError, ConnectionError } from "@easel/contract";
import { type CommandDef, defineCommand, parseArgs, runCommand } from "citty";
import { CommandFailure, EXIT, UsageError } from "./failure.ts";
import { renderHelp } from "./help.ts";
import { nearest } from "./nearest.ts";
import { terminal } from "./terminal.ts";

export const VERSION = "0.1.0";

const trainings = () => import("./commands/trainings.ts").then((module) => module.trainings);
const predictions = () => import("./commands/predictions.ts").then((module) => module.predictions);

export const easel = defineCommand({
  meta: {
    name: "easel",
    description: "Fine-tunes SDXL on your images and draws with the result, on your own machines.",
  },
  subCommands: {
    model: () => import("./commands/model.ts").then((module) => module.model),
    check: () => import("./commands/check.ts").then((module) => module.check),
    train: () => import("./commands/train.ts").then((module) => module.train),
    run: () => import("./commands/run.ts").then((module) => module.run),
    trainings,
    predictions,
    deployments: () => import("./commands/deployments.ts").then((module) => module.deployments),
    gc: () => import("./commands/space.ts").then((module) => module.gc),
    fsck: () => import("./commands/space.ts").then((module) => module.fsck),
    base: () => import("./commands/base.ts").then((module) => module.base),
    weights: () => import("./commands/weights.ts").then((module) => module.weights),
    webhooks: () => import("./commands/webhooks.ts").then((module) => module.webhooks),
    account: () => import("./commands/account.ts").then((module) => module.account),
    token: () => import("./commands/token.ts").then((module) => module.token),
    doctor: () => import("./commands/doctor.ts").then((module) => module.doctor),
  },
});

/** Other words for the same commands, in the order of Replicate's own command line. */
const ALIASES: Record<string, string> = {
  training: "trainings",
  prediction: "predictions",
  deployment: "deployments",
  webhook: "webhooks",
  models: "model",
  accounts: "account",
  tokens: "token",
};

/** Runs a command line and answers its exit code. */
export async function runCommandLine(words: string[]): Promise<number> {
  try {
    if (words.length === 1 && ["--version", "-v"].includes(words[0] ?? "")) {
      terminal.data(VERSION);
      return EXIT.ok;
    }
    const { command, path, rest } = await resolve(words);
    const isGroup = command.subCommands !== undefined;
    if (isGroup || asksForHelp(rest)) {
      terminal.data(await renderHelp(command, path));
      return EXIT.ok;
    }
    const args = await resolveValue(command.args ?? {});
    refuseUnknownOptions(rest, args);
    const { result } = await runCommand(command, { rawArgs: rest });
    return typeof result === "number" ? result : EXIT.ok;
  } catch (error) {
    terminal.live(null);
    return explain(error);
  }
}

interface Resolved {
  command: CommandDef;
  path: string[];
  rest: string[];
}

/** Follows the words down to a command that has no commands below it, or to where the words end. */
async function resolve(words: string[]): Promise<Resolved> {
  let command: CommandDef = easel;
  const path = ["easel"];
  let rest = words;
  while (command.subCommands !== undefined) {
    const name = rest[0];
    if (name === undefined || name.startsWith("-")) break;
    const commands = await resolveValue(command.subCommands);
    const known = Object.hasOwn(commands, name) ? name : (ALIASES[name] ?? name);
    const found = Object.hasOwn(commands, known) ? commands[known] : undefined;
    if (found === undefined) {
      const guess = nearest(name, Object.keys(commands));
      throw new UsageError(
        `\`${path.join(" ")}\` has no command "${name}".`,
        guess ? `Did you mean \`${[...path, guess].join(" ")}\`?` : `See \`${path.join(" ")} --help\`.`,
      );
    }
    command = await resolveValue(found);
    path.push(known);
    rest = rest.slice(1);
  }
  return { command, path, rest };
}

function resolveValue<T>(value: T | Promise<T> | (() => T) | (() => Promise<T>)): T | Promise<T> {
  return value instanceof Function ? value() : value;
}

function asksForHelp(words: string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? undefined : end).some((word) => word === "--help" || word === "-h");
}

/** citty takes any option; one that is misspelt would be passed over in silence. */
function refuseUnknownOptions(words: string[], args: NonNullable<Awaited<Resolved["command"]["args"]>>): void {
  const definitions = typeof args === "function" ? {} : args;
  const known = Object.entries(definitions).flatMap(([name, { type, ...rest }]) =>
    type === "positional" ? [] : [name, ...("alias" in rest ? [rest.alias ?? []].flat() : [])],
  );
  for (const name of Object.keys(parseArgs(words, {}))) {
    if (name === "_" || known.includes(name)) continue;
    const guess = nearest(name, known);
    throw new UsageError(
      `There is no option ${name.length === 1 ? "-" : "--"}${name}.`,
      guess ? `Did you mean --${guess}?` : "See --help for those there are.",
    );
  }
}

/** Says what went wrong and what to do next, and answers the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommandFailure) {
    terminal.problem(error.message, error.next);
    return error.exitCode;
  }
  if (error instanceof ConnectionError) {
    const address = new URL(error.url).origin;
    terminal.problem(
      `The server at ${address} does not answer (${error.reason}).`,
      "Start it with `npm start`, or name another in EASEL_URL; `easel doctor` looks closer.",
    );
    return EXIT.error;
  }
  if (error instanceof ApiError) {
    terminal.problem(describeRefusal(error), nextStep(error));
    return EXIT.error;
  }
  if (error instanceof Error && error.name === "CLIError") {
    terminal.problem(`${error.message}.`, "See --help.");
    return EXIT.usage;
  }
  terminal.problem(error instanceof Error ? error.message : String(error));
  return EXIT.error;
}

function describeRefusal(error: ApiError): string {
  const fields = error.invalidFields.map(({ field, description }) => `\n  ${field}: ${description}`);
  const text =
    fields.length > 0 ? `${error.title ?? "The server refused the request"}:${fields.join("")}` : error.message;
  return error.requestId !== undefined && error.status >= 500 ? `${text} (request ${error.requestId})` : text;
}

function nextStep(error: ApiError): string | undefined {
  if (error.status === 401) {
    return "Set EASEL_TOKEN to the token that the server printed at its first start; it is kept in the file `token` of its data folder.";
  }
  if (error.status === 429) return `Try again in ${error.retryAfterSeconds ?? "a few"} seconds.`;
  if (error.status >= 500) return "The server's log says more.";
  return undefined;
}
