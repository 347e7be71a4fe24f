/** Whether the disk has room for a training: asked before it starts, so that none ends in the middle for want of space. */
import { statfs } from "node:fs/promises";
import type { RunInput } from "@easel/contract";
import type { Context } from "../context.ts";
import { HttpError } from "../errors.ts";
import { sizeInWords } from "../files/size.ts";
import { bytesNeeded, RESERVE_BYTES } from "../models/needed-bytes.ts";
import type { VersionSchema } from "../models/schema.ts";
import { settleInput } from "../models/settle-input.ts";
import type { VersionRow } from "../models/versions.ts";

/** What makes a training smaller. A state is 54 GB where SDXL is trained as a whole; one that never comes due is none. */
const LESS: Record<string, string> = {
  lora: "ask for a lower lora_rank",
  dreambooth:
    "keep no training states, with checkpointing_steps above max_train_steps: one that is lost then begins anew",
};

/** Throws 507 with both numbers. Of models that are not ours nothing is known, and nothing is asked. */
export async function requireRoom(
  context: Context,
  version: Pick<VersionRow, "program" | "base">,
  schema: VersionSchema,
  input: RunInput,
): Promise<void> {
  if (version.program !== "models/sdxl" || version.base === null) return;
  const value = settleInput(schema, input);
  const technique = String(value("technique"));
  const needed = bytesNeeded({
    base: version.base,
    technique,
    rank: Number(value("lora_rank")),
    hasFeedForward: value("lora_targets") === "attention_and_feed_forward",
    movesTextEncoders: value("train_text_encoder") === true,
    isAveraged: value("use_ema") === true,
    steps: Number(value("max_train_steps")),
    checkpointingSteps: Number(value("checkpointing_steps")),
  });
  const { bavail, bsize } = await statfs(context.config.dataFolder);
  const free = bavail * bsize;
  if (free >= needed + RESERVE_BYTES) return;
  throw new HttpError(
    507,
    `This training can come to ${sizeInWords(needed)}, ${sizeInWords(RESERVE_BYTES)} have to stay free, and the disk of ` +
      `the data folder has ${sizeInWords(free)}. Free some space (easel gc --dry-run says what can go), or ${LESS[technique] ?? LESS.lora}.`,
    { title: "Insufficient storage" },
  );
}
