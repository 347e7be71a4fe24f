/** Looks at an archive as a training would, and reports. The work is kept, so that a training that follows need not do it again. */
import type { PreflightReport, RunInput } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { readArchive } from "../intake/archive.ts";
import type { CanonicalArchive } from "../intake/manifest.ts";
import { ArchiveRefused } from "../intake/refusal.ts";
import type { VersionSchema } from "../models/schema.ts";
import { settleInput } from "../models/settle-input.ts";
import { readCaptions } from "./captions.ts";
import { type PreflightSettings, reportArchive, reportRefusal } from "./report.ts";
import { readTokenStrings } from "./trigger.ts";

/** The report on the archive kept as this blob; one that is refused is reported as blocked. */
export async function preflight(
  context: Context,
  sha256: string,
  settings: PreflightSettings,
): Promise<PreflightReport> {
  try {
    return await inspectArchive(context, await readArchive(context, sha256), settings);
  } catch (error) {
    if (error instanceof ArchiveRefused) return reportRefusal(error);
    throw error;
  }
}

export async function inspectArchive(
  context: Pick<Context, "blobs">,
  archive: CanonicalArchive,
  settings: PreflightSettings,
): Promise<PreflightReport> {
  return reportArchive(archive, await readCaptions(context.blobs, archive), settings);
}

/** What holds for a run: what was given, and else the defaults that its version has beside that. */
export function settingsOf(schema: VersionSchema, given: RunInput): PreflightSettings {
  const settingOf = settleInput(schema, given);
  return {
    tokenStrings: readTokenStrings(z.string().catch("").parse(settingOf("token_string"))),
    // A default prefix follows the token string when only that is changed.
    captionPrefix: z.string().optional().catch(undefined).parse(given.caption_prefix),
    resolution: z.number().optional().catch(undefined).parse(settingOf("resolution")),
    thingUnnamed: settingOf("subject") === "object" && settingOf("initial_word") !== undefined && !given.initial_word,
    masksMade: Boolean(settingOf("mask_target_prompts")) || settingOf("use_face_detection_instead") === true,
  };
}
