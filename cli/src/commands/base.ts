/** `easel base get | add | list | remove`. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { confirm } from "@clack/prompts";
import { type BaseList, ConnectionError } from "@easel/contract";
import { defineCommand } from "citty";
import { z } from "zod";
import { drawBar } from "../bar.ts";
import { requireCheckout, runObtain } from "../base-files.ts";
import { EXIT, UsageError } from "../failure.ts";
import { formatBytes, formatDuration, formatTable } from "../format.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";

/** What can be got: each has its manifest in `bases/`. */
const ON_THE_HUB = ["sdxl", "sdxl-refiner"];

const Manifest = z.object({ title: z.string(), licence: z.object({ name: z.string(), url: z.string() }) });
const Progress = z.object({ done: z.number(), total: z.number(), place: z.string() });

const get = defineCommand({
  meta: {
    name: "get",
    description: "Gets SDXL's files, or its refiner's, from the Hugging Face hub; goes on where it was broken off.",
  },
  args: {
    name: { type: "positional", required: true, description: ON_THE_HUB.join(" or ") },
    "accept-licence": { type: "boolean", description: "accept the licence that is shown, without being asked" },
  },
  async run({ args }) {
    if (!ON_THE_HUB.includes(args.name))
      throw new UsageError(`There is no base ${args.name} to get.`, `Write ${ON_THE_HUB.join(" or ")}.`);
    const path = join(requireCheckout(), "bases", args.name, "manifest.json");
    const { title, licence } = Manifest.parse(JSON.parse(readFileSync(path, "utf8")));
    terminal.words(`${title} is under the ${licence.name}:\n  ${licence.url}`);
    if (!(await accepts(args["accept-licence"]))) return EXIT.error;
    const ending = await runObtain(["get", path], makeBar());
    terminal.live(null);
    if (ending === "left") {
      terminal.words("Left. What has come is kept: the same command goes on with it.");
      return EXIT.interrupted;
    }
    terminal.words(`${terminal.paint.green("✓")} ${title} is here, for stability-ai/sdxl.`);
    return tellServer();
  },
});

async function accepts(given: boolean | undefined): Promise<boolean> {
  if (given) return true;
  if (!terminal.interactive || !process.stdin.isTTY) {
    throw new UsageError("The licence has to be accepted first.", "Read it, then add --accept-licence.");
  }
  return (await confirm({ message: "Do you accept it?", initialValue: false })) === true;
}

/** A line with bytes and the time that is left, by the pace since the first byte came. */
function makeBar(): (line: unknown) => void {
  let started: { at: number; done: number } | undefined;
  return (line) => {
    const progress = Progress.safeParse(line);
    if (!progress.success) return;
    const { done, total, place } = progress.data;
    started ??= { at: performance.now(), done };
    const pace = (done - started.done) / (performance.now() - started.at);
    const left = pace > 0 ? `, ${formatDuration((total - done) / pace / 1000)} left` : "";
    const bytes = `${formatBytes(done)} of ${formatBytes(total)}`;
    terminal.live(`${drawBar(done / total, terminal)}  ${bytes}${left}  ${terminal.paint.dim(place)}`);
  };
}

const add = defineCommand({
  meta: { name: "add", description: "Makes the model easel/NAME of a derivative of SDXL that is on this machine." },
  args: {
    name: { type: "positional", required: true, description: "what to call it" },
    path: {
      type: "positional",
      required: true,
      description: "a folder in diffusers' layout, a .safetensors checkpoint, or an id in the hub's cache",
    },
  },
  async run({ args }) {
    const path = args.path.startsWith(".") ? resolve(args.path) : args.path;
    if ((await runObtain(["add", args.name, path], () => undefined)) === "left") return EXIT.interrupted;
    terminal.data(`easel/${args.name}`);
    terminal.words(
      `${terminal.paint.green("✓")} added. Train it: easel train easel/${args.name} -d you/toy input_images=@data.zip`,
    );
    return tellServer();
  },
});

const list = defineCommand({
  meta: {
    name: "list",
    description: "Lists the bases and the refiner: what is there, what it weighs, and how to get the rest.",
  },
  args: { json: { type: "boolean", description: "print JSON" } },
  async run({ args }) {
    const { results } = await connect().bases.list();
    if (args.json) return terminal.data(JSON.stringify(results, null, 2));
    const rows = results.map(({ name, model, needs, installed, bytes, path, fix, missing }) => [
      model ?? name,
      installed ? "there" : missing.length > 0 ? `${missing.length} files gone` : "not there",
      bytes === null ? "" : formatBytes(bytes),
      needs.toUpperCase(),
      fix ?? path ?? "",
    ]);
    terminal.data(formatTable([["BASE", "FILES", "BYTES", "NEEDS", "WHERE, OR HOW TO GET IT"], ...rows]));
  },
});

const remove = defineCommand({
  meta: { name: "remove", description: "Forgets a base that was got or added; the files that it was made of stay." },
  args: {
    name: {
      type: "positional",
      required: true,
      description: "sdxl, sdxl-refiner, or the name that it was added under",
    },
  },
  async run({ args }) {
    await runObtain(["remove", args.name], () => undefined);
    terminal.words(
      args.name === "sdxl-refiner"
        ? `${terminal.paint.green("✓")} SDXL's refiner is forgotten. SDXL goes over its own pictures until it is back.`
        : `${terminal.paint.green("✓")} ${args.name} is forgotten. Versions trained on it cannot be run until it is back.`,
    );
    return tellServer();
  },
});

/** A running server takes up what changed; one that does not run does so at its start. */
async function tellServer(): Promise<number> {
  const told: BaseList | undefined = await connect()
    .bases.refresh()
    .catch((error: unknown) => {
      if (error instanceof ConnectionError) return undefined;
      throw error;
    });
  if (told === undefined) terminal.words("No server runs here; it will know at its next start.");
  return EXIT.ok;
}

export const base = defineCommand({
  meta: { name: "base", description: "Gets SDXL, adds derivatives of it, and lists what is there." },
  subCommands: { get, add, list, remove },
});
