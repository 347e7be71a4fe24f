/** Help in the order in which it is wanted: what it does, examples, then arguments and options. */
import type { ArgsDef, CommandDef } from "citty";
import { EXAMPLES, NOTES } from "./examples.ts";
import { formatTable } from "./format.ts";

/** The help of a command; `path` is the words that name it, such as `easel train`. */
export async function renderHelp(command: CommandDef, path: string[]): Promise<string> {
  const name = path.join(" ");
  const meta = await resolve(command.meta ?? {});
  const args = await resolve(command.args ?? {});
  const commands = await listCommands(command);
  return [
    meta.description ?? "",
    section("Examples", (EXAMPLES[name] ?? []).map((line) => `  ${line}`).join("\n")),
    section("Usage", `  ${usage(name, args, commands.length > 0)}`),
    section("Commands", formatTable(commands, "  ")),
    section("Arguments", formatTable(listPositionals(args), "  ")),
    section("Options", formatTable([...listOptions(args), ["-h, --help", "this text"]], "  ")),
    NOTES[name] ?? "",
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

function section(title: string, text: string): string {
  return text.trim() === "" ? "" : `${title}\n${text}`;
}

function usage(name: string, args: ArgsDef, hasCommands: boolean): string {
  const positionals = Object.entries(args).flatMap(([word, { type, required }]) =>
    type === "positional" ? [required === false ? `[${word}]` : `<${word}>`] : [],
  );
  return [name, ...(hasCommands ? ["<command>"] : []), ...positionals, "[options]"].join(" ");
}

async function listCommands(command: CommandDef): Promise<string[][]> {
  const commands = Object.entries(await resolve(command.subCommands ?? {}));
  return Promise.all(
    commands.map(async ([word, entry]) => [word, (await resolve((await resolve(entry)).meta))?.description ?? ""]),
  );
}

function listPositionals(args: ArgsDef): string[][] {
  return Object.entries(args).flatMap(([word, { type, description }]) =>
    type === "positional" ? [[word, description ?? ""]] : [],
  );
}

function listOptions(args: ArgsDef): string[][] {
  return Object.entries(args).flatMap(([word, definition]) => {
    if (definition.type === "positional") return [];
    const names = [("alias" in definition && definition.alias) || []].flat().map((alias) => `-${alias}`);
    const flag = definition.type === "boolean" && definition.default === true ? `--no-${word}` : `--${word}`;
    const value = definition.type === "string" ? ` ${definition.valueHint ?? "TEXT"}` : "";
    return [[[...names, flag + value].join(", "), definition.description ?? ""]];
  });
}

function resolve<T>(value: T | Promise<T> | (() => T) | (() => Promise<T>)): T | Promise<T> {
  return value instanceof Function ? value() : value;
}
