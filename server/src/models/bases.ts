/**
 * Where bases are on this machine: those that come with Easel, SDXL where it was got or is named, and derivatives of it that
 * were added. What was got or added lies in `$EASEL_DATA/bases`, written by `easel base`. Knows nothing of models.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Config, ROOT } from "../config.ts";
import { unprocessable } from "../errors.ts";

const EMBEDDED = ["emoji", "sdxl"];

/** What `easel base` wrote of a base in its folder. */
const BaseRecord = z.looseObject({
  title: z.string(),
  source: z.enum(["hub", "added"]),
  path: z.string().optional(),
  bytes: z.int(),
  sha256: z.string().optional(),
  needs: z.enum(["cpu", "gpu"]).default("gpu"),
  files: z.record(z.string(), z.looseObject({})),
});
export type BaseRecord = z.infer<typeof BaseRecord>;

/** The folder of a base's defaults, and of its files, but for SDXL's. */
export function baseFolder(config: Config, base: string): string {
  return EMBEDDED.includes(base) ? join(ROOT, "bases", base) : join(basesFolder(config), base);
}

export function basesFolder(config: Config): string {
  return join(config.dataFolder, "bases");
}

/** What SDXL is to be loaded from: the setting (a folder, a file, or an id on the hub), or what was got; undefined: nothing. */
export function sdxlSource(config: Config): string | undefined {
  return config.sdxlBase ?? findGot(config, "sdxl");
}

/** What goes over SDXL's pictures, likewise. */
export function refinerSource(config: Config): string | undefined {
  return config.sdxlRefiner ?? findGot(config, "sdxl-refiner");
}

/** The folder of what was got from the hub under that name; undefined where it was not. */
function findGot(config: Config, name: "sdxl" | "sdxl-refiner"): string | undefined {
  const folder = join(basesFolder(config), name);
  return existsSync(join(folder, "model_index.json")) ? folder : undefined;
}

/** What a base's files are loaded from. Throws as `requireBase` does. */
export function baseFilesOf(config: Config, base: string): string {
  requireBase(config, base);
  return (base === "sdxl" ? sdxlSource(config) : undefined) ?? baseFolder(config, base);
}

/** Throws a 422 that names the command when the base's files are not on this machine. */
export function requireBase(config: Config, base: string | null): void {
  if (base === null) return;
  const source = base === "sdxl" ? sdxlSource(config) : baseFolder(config, base);
  if (source !== undefined && isThere(source)) return;
  const title = "Base not installed";
  if (base !== "sdxl") {
    throw unprocessable(
      title,
      `The base ${base} is gone: nothing is at ${source}. Add it again: easel base add ${base} PATH`,
    );
  }
  const found = source === undefined ? "this machine has none" : `there is nothing at ${source}`;
  throw unprocessable(
    title,
    `stability-ai/sdxl needs the weights of SDXL base 1.0, and ${found}. Get them on the server's machine: ` +
      "easel base get sdxl. Or name them in EASEL_SDXL_BASE and start the server again. easel/emoji needs no download.",
  );
}

/** A path that is there, or a repository in the hub's cache: nothing is fetched unasked. */
export function isThere(source: string): boolean {
  if (existsSync(source)) return true;
  if (!/^[\w.-]+\/[\w.-]+$/.test(source)) return false;
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return existsSync(join(HF_HUB_CACHE ?? join(home, "hub"), `models--${source.replace("/", "--")}`, "snapshots"));
}

/** The bases that were got or added, by name. */
export function readBaseRecords(config: Config): { name: string; record: BaseRecord }[] {
  const folder = basesFolder(config);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.flatMap((name) => {
    const path = join(folder, name, "base.json");
    if (name.endsWith(".partial") || !existsSync(path)) return [];
    const record = BaseRecord.safeParse(JSON.parse(readFileSync(path, "utf8")));
    return record.success ? [{ name, record: record.data }] : [];
  });
}
