/** Whether the disk has room for a training: asked before it starts, so that none ends in the middle for want of space. */
import { statfs } from "node:fs/promises";
import type { RunInput } from "@easel/contract";
import type { Context } from "../context.ts";
import { HttpError } from "../errors.ts";
import { sizeInWords } from "../files/size.ts";
import { bytesNeeded, RESERVE_BYTES } from "../models/needed-bytes.ts";
import type { VersionSchema } from "../models/schema.ts";
import type { VersionRow } from "../models/versions.ts";

/** Throws 507 with both numbers. Of models that are not ours nothing is known, and nothing is asked. */
export async function requireRoom(
  context: Context,
  version: Pick<VersionRow, "program" | "base">,
  schema: VersionSchema,
  input: RunInput,
): Promise<void> {
  if (version.program !== "models/sdxl" || version.base === null) return;
  const value = (name: string) => input[name] ?? schema.components.schemas.TrainingInput?.properties?.[name]?.default;
  const technique = input.is_lora === false && input.technique == null ? "dreambooth" : String(value("technique"));
  const needed = bytesNeeded({ base: version.base, technique, rank: Number(value("lora_rank") ?? 32) });
  const { bavail, bsize } = await statfs(context.config.dataFolder);
  const free = bavail * bsize;
  if (free >= needed + RESERVE_BYTES) return;
  throw new HttpError(
    507,
    `This training writes ${sizeInWords(needed)} or more, ${sizeInWords(RESERVE_BYTES)} have to stay free, and the disk of ` +
      `the data folder has ${sizeInWords(free)}. Free some space (easel gc --dry-run says what can go), or ask for a lower lora_rank.`,
    { title: "Insufficient storage" },
  );
}
