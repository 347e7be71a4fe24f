/** `easel weights download`. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type Client, RELATIVE_ERROR_HEADER, WeightsFormat } from "@easel/contract";
import { defineCommand } from "citty";
import { download } from "../download.ts";
import { UsageError } from "../failure.ts";
import { findVersion, readReference } from "../model-reference.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";
import { unzip } from "../unzip.ts";
import { findProgram, placeOf } from "../weights-places.ts";

const downloadWeights = defineCommand({
  meta: { name: "download", description: "Saves what was trained, in the format of the program that is to read it." },
  args: {
    model: { type: "positional", required: true, description: "owner/name, or owner/name:version" },
    format: {
      type: "string",
      valueHint: "FORMAT",
      description: "replicate (default), diffusers, kohya (for ComfyUI and A1111), or checkpoint (the whole model)",
    },
    "max-mb": { type: "string", valueHint: "MB", description: "make the LoRA so small, at some loss" },
    step: { type: "string", valueHint: "N", description: "the weights as of a snapshot's step" },
    output: { type: "string", alias: "o", valueHint: "FOLDER", description: "where to save (default: here)" },
    into: { type: "string", valueHint: "FOLDER", description: "ComfyUI's or A1111's folder: files go where it looks" },
    json: { type: "boolean", description: "print the paths as JSON" },
  },
  async run({ args }) {
    const reference = readReference(args.model);
    // Looked at first, so that a mistake is said before anything is asked of the server.
    const given = readFormat(args.format ?? (args.into === undefined ? "replicate" : "kohya"));
    readPlace(args, given);
    const [max_mb, step] = [readNumber("max-mb", args["max-mb"]), readNumber("step", args.step)];
    const client = connect();
    const { id } = await findVersion(client, reference);
    const { owner, name } = reference;
    const isWhole =
      args.format === undefined && args.into !== undefined && (await replacesBase(client, owner, name, id));
    const format = isWhole ? "checkpoint" : given;
    const place = readPlace(args, format);
    const query = { format, max_mb, step };
    const folder = args.into ?? args.output ?? ".";
    mkdirSync(folder, { recursive: true });
    const stage = mkdtempSync(join(folder, ".easel-"));
    try {
      const { path, headers } = await download(
        (sent) => client.versions.weights(owner, name, id, query, { headers: sent }),
        stage,
      );
      const isZip = headers.get("content-type") === "application/zip";
      const files = isZip ? await unzip(path, join(stage, "files")) : [path];
      // Files by themselves would lie about among others' where no folder was named.
      const among = isZip && args.output === undefined && args.into === undefined ? `${name}-${format}` : "";
      const saved: string[] = [];
      for (const file of files) {
        const inside = relative(isZip ? join(stage, "files") : stage, file);
        const target = place === undefined ? join(among, inside) : place(inside);
        if (target !== undefined) saved.push(await move(file, join(folder, target)));
      }
      terminal.data(args.json ? JSON.stringify(saved, null, 2) : saved.join("\n"));
      sayLoss(headers.get(RELATIVE_ERROR_HEADER));
    } finally {
      await rm(stage, { recursive: true, force: true });
    }
  },
});

/** A whole model is no LoRA, but a checkpoint of its own. */
async function replacesBase(client: Client, owner: string, name: string, id: string): Promise<boolean> {
  const card = await client.versions.card(owner, name, id).catch(() => undefined);
  return card?.replaces_base === true;
}

function readFormat(text: string): WeightsFormat {
  const format = WeightsFormat.safeParse(text);
  if (format.success) return format.data;
  throw new UsageError(`"${text}" is no format.`, `There are ${WeightsFormat.options.join(", ")}.`);
}

/** Where the program keeps each file of an export; undefined where no program was named. */
function readPlace({ into, output }: { into?: string; output?: string }, format: WeightsFormat) {
  if (into === undefined) return undefined;
  if (output !== undefined) throw new UsageError("--into and --output exclude each other.", "Leave one of them out.");
  if (format !== "kohya" && format !== "checkpoint") {
    throw new UsageError(`ComfyUI and A1111 do not read ${format}.`, "Leave --format out, or take checkpoint.");
  }
  const program = findProgram(into);
  return (file: string) => placeOf(file, program, format);
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && Number.isFinite(number)) return number;
  throw new UsageError(`--${name} is "${text}".`, "Give a number above 0.");
}

async function move(from: string, to: string): Promise<string> {
  mkdirSync(dirname(to), { recursive: true });
  await rename(from, to);
  return to;
}

function sayLoss(error: string | null): void {
  if (error === null) return;
  const percent = (100 * Number(error)).toFixed(1);
  terminal.words(
    `Made smaller: what the LoRA changes is now ${percent} % off, by its strength. Ask for more MB to keep more.`,
  );
}

export const weights = defineCommand({
  meta: { name: "weights", description: "Saves trained weights for other programs." },
  subCommands: { download: downloadWeights },
});
