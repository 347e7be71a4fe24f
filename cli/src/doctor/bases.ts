/** The files of the bases: there, and whole as far as their headers tell. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatBytes } from "../format.ts";
import { readSettings } from "../settings.ts";
import type { Finding } from "./finding.ts";

export function checkBases(checkout: string, env: NodeJS.ProcessEnv): Finding[] {
  return [checkEmoji(join(checkout, "bases", "emoji")), checkSdxl(env)];
}

function checkEmoji(folder: string): Finding {
  const check = "base";
  const fix = "Bring the file back: git checkout -- bases/emoji";
  if (!existsSync(join(folder, "model_index.json"))) {
    return { check, status: "fail", detail: "bases/emoji is missing", fix };
  }
  const weights = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".safetensors"),
  );
  const broken = weights.find((name) => !isWhole(join(folder, name)));
  if (broken !== undefined)
    return { check, status: "fail", detail: `bases/emoji/${broken} is cut or not a weights file`, fix };
  const bytes = weights.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  return { check, status: "ok", detail: `easel/emoji: ${weights.length} weight files, ${formatBytes(bytes)}` };
}

/** A safetensors file begins with the length of a header, which names the end of the last tensor. */
export function isWhole(path: string): boolean {
  const { size } = statSync(path);
  const file = openSync(path, "r");
  try {
    const length = Buffer.alloc(8);
    if (readSync(file, length) !== 8) return false;
    const headerBytes = Number(length.readBigUInt64LE());
    if (headerBytes > size) return false;
    const header = Buffer.alloc(headerBytes);
    readSync(file, header, 0, headerBytes, 8);
    const ends = [...header.toString("utf8").matchAll(/"data_offsets":\s*\[\d+,\s*(\d+)\]/g)].map((match) =>
      Number(match[1]),
    );
    return ends.length > 0 && 8 + headerBytes + Math.max(...ends) === size;
  } finally {
    closeSync(file);
  }
}

/** SDXL's files: named by the setting, or got into the data folder. */
function checkSdxl(env: NodeJS.ProcessEnv): Finding {
  const check = "SDXL";
  const named = env.EASEL_SDXL_BASE;
  if (named !== undefined) {
    if (existsSync(named) || /^[\w.-]+\/[\w.-]+$/.test(named)) return { check, status: "ok", detail: named };
    const fix = "Name a folder in diffusers' layout, a .safetensors checkpoint, or an id on the Hugging Face hub.";
    return { check, status: "fail", detail: `EASEL_SDXL_BASE names ${named}, where nothing is`, fix };
  }
  const got = join(readSettings(env).dataFolder, "bases", "sdxl");
  if (existsSync(join(got, "model_index.json"))) return { check, status: "ok", detail: got };
  const fix = "To use stability-ai/sdxl, get its files: easel base get sdxl. It takes 9 GB and an NVIDIA GPU.";
  return { check, status: "warn", detail: "SDXL's files are not here: only easel/emoji can be used", fix };
}
