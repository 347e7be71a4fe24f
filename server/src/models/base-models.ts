/** Bases as models and as the API lists them: each that was added is `easel/<name>`, with SDXL's inputs and its own sizes. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Base } from "@easel/contract";
import { z } from "zod";
import { type Config, ROOT } from "../config.ts";
import { type Context, timestamp } from "../context.ts";
import { sha256Hex } from "../ids.ts";
import {
  type BaseRecord,
  baseFolder,
  basesFolder,
  isThere,
  readBaseRecords,
  refinerSource,
  sdxlSource,
} from "./bases.ts";
import { parseSchema, withDefaults } from "./schema.ts";
import { findVisibleModel, insertModel } from "./store.ts";
import { upsertBuiltinVersion } from "./versions.ts";

const Inputs = z.record(z.string(), z.looseObject({ default: z.json().optional() }));
const Defaults = z.object({ train: Inputs, predict: Inputs });

/** Makes a model of every base that was added: at each start, and when `easel base` says that there is another. */
export async function registerBases(context: Context): Promise<void> {
  const schema = parseSchema(readFileSync(join(ROOT, "bases/sdxl/openapi.json"), "utf8"));
  const created_at = timestamp(context);
  for (const { name, record } of readBaseRecords(context.config)) {
    if (record.source !== "added" || record.sha256 === undefined) continue;
    const id = sha256Hex(`model easel/${name}`).slice(0, 24);
    const model = { id, owner: "easel", name, visibility: "public", hardware: record.needs, created_at } as const;
    await insertModel(context.db, { ...model, description: `Trains and draws on ${record.path}.` });
    const inserted = await findVisibleModel(context.db, "easel", "easel", name);
    if (inserted === undefined) throw new Error(`The model easel/${name} could not be stored.`);
    await upsertBuiltinVersion(context.db, {
      id: sha256Hex(`easel/${name} ${record.sha256}`),
      model_id: inserted.id,
      program: "models/sdxl",
      base: name,
      needs: record.needs,
      schema: JSON.stringify(withDefaults(schema, readDefaults(context.config, name))),
      created_at,
    });
  }
}

const SDXL = { name: "sdxl", model: "stability-ai/sdxl", title: "SDXL base 1.0" };
const REFINER = { name: "sdxl-refiner", model: null, title: "SDXL refiner 1.0" };

/** Every base that a model can be trained on, and SDXL's refiner; those that are not here with the way to them. */
export function listBases(config: Config): Base[] {
  const emoji = { name: "emoji", model: "easel/emoji", title: "The embedded base", needs: "cpu" } as const;
  const path = baseFolder(config, "emoji");
  const added = readBaseRecords(config).filter(({ record }) => record.source === "added");
  return [
    { ...emoji, installed: true, path, bytes: sizeOf(path), missing: [], fix: null },
    describeGot(config, SDXL, sdxlSource(config), config.sdxlBase && "EASEL_SDXL_BASE"),
    describeGot(config, REFINER, refinerSource(config), config.sdxlRefiner && "EASEL_SDXL_REFINER"),
    ...added.map(({ name, record }) => describeAdded(config, name, record)),
  ];
}

/** What is got from the hub, or named by a `setting`: then it is of whoever named it, and nothing is known of its files. */
function describeGot(config: Config, base: typeof SDXL | typeof REFINER, source?: string, setting?: string): Base {
  const record = setting ? undefined : readBaseRecords(config).find(({ name }) => name === base.name)?.record;
  const missing = missingFiles(config, base.name, record);
  const installed = source !== undefined && isThere(source) && missing.length === 0;
  const fix = setting ? `${setting} names nothing that is there` : `easel base get ${base.name}`;
  const found = { installed, path: source ?? null, bytes: record?.bytes ?? null, missing, fix: installed ? null : fix };
  return { ...base, needs: "gpu", ...found };
}

function describeAdded(config: Config, name: string, record: BaseRecord): Base {
  const missing = missingFiles(config, name, record);
  const path = record.path ?? baseFolder(config, name);
  const fix = missing.length === 0 ? null : `easel base add ${name} PATH`;
  const { title, needs, bytes } = record;
  return { name, model: `easel/${name}`, title, needs, installed: missing.length === 0, path, bytes, missing, fix };
}

function missingFiles(config: Config, name: string, record: BaseRecord | undefined): string[] {
  const folder = join(basesFolder(config), name);
  return Object.keys(record?.files ?? {}).filter((place) => !existsSync(join(folder, place)));
}

/** What the base's own sizes make of SDXL's defaults. */
function readDefaults(config: Config, name: string): Record<"Input" | "TrainingInput", Record<string, unknown>> {
  const path = join(basesFolder(config), name, "defaults.json");
  const { train, predict } = Defaults.parse(JSON.parse(readFileSync(path, "utf8")));
  return { Input: onlyDefaults(predict), TrainingInput: onlyDefaults(train) };
}

function onlyDefaults(inputs: z.infer<typeof Inputs>): Record<string, unknown> {
  const given = Object.entries(inputs).filter(([, input]) => input.default !== undefined);
  return Object.fromEntries(given.map(([name, input]) => [name, input.default]));
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => statSync(join(folder, name)));
  return files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
