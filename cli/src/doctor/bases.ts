/** The files of the bases: there, and whole as far as their headers tell. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatBytes } from "../format.ts";
import type { Finding } from "./finding.ts";

export function checkBases(checkout: string, env: NodeJS.ProcessEnv): Finding[] {
  return [checkEmoji(join(checkout, "bases", "emoji")), checkSdxl(env.EASEL_SDXL_BASE)];
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

function checkSdxl(base: string | undefined): Finding {
  const check = "SDXL";
  if (!base) {
    const fix = "To use stability-ai/sdxl, name the folder of SDXL base 1.0, in diffusers' layout, in EASEL_SDXL_BASE.";
    return { check, status: "warn", detail: "EASEL_SDXL_BASE is not set: only easel/emoji can be used", fix };
  }
  if (existsSync(join(base, "model_index.json"))) return { check, status: "ok", detail: base };
  const fix = "Name a folder in diffusers' layout: model_index.json, unet/, vae/, …";
  return { check, status: "fail", detail: `EASEL_SDXL_BASE names ${base}, where no base is`, fix };
}
