/** What becomes of a run's files once all of them are here: an archive of images is read, and its edits are checked against it. */
import type { PreflightReport, RunInput } from "@easel/contract";
import type { Context } from "../context.ts";
import type { RunKind } from "../db.ts";
import { type HttpError, invalidInput } from "../errors.ts";
import { readArchive } from "../intake/archive.ts";
import { ArchiveRefused } from "../intake/refusal.ts";
import { isOwnProgram } from "../models/own.ts";
import type { VersionSchema } from "../models/schema.ts";
import { inspectArchive, settingsOf } from "../preflight/preflight.ts";
import type { RunFiles } from "./claim.ts";
import { checkEdits } from "./edits.ts";

/** Where a version's schema describes the inputs of each kind of run. */
export const INPUTS = { prediction: "Input", training: "TrainingInput" } as const satisfies Record<RunKind, string>;

export interface SettledFiles {
  /** What the model process reads. */
  files: RunFiles;
  /** What the server says first in the run's log. */
  log: string | undefined;
}

/**
 * Throws the 422 of an archive that is refused, or of an edit that does not fit it. A model of somebody's own gets the
 * bytes that were sent: what they are is between it and its user.
 */
export async function settleFiles(
  context: Context,
  run: { kind: RunKind; account: string; program: string; schema: VersionSchema; input: RunInput; files: RunFiles },
): Promise<SettledFiles> {
  if (isOwnProgram(run.program)) return { files: run.files, log: undefined };
  if (run.kind === "prediction" && !preparesImages(run.schema)) return { files: run.files, log: undefined };
  const { input_images, edits } = run.files;
  if (input_images === undefined) throw imagesMissing();
  const archive = await readArchive(context, input_images.sha256);
  const files: RunFiles = { ...run.files, input_images: { sha256: archive.sha256 } };
  const report = await inspectArchive(context, archive, settingsOf(run.schema, run.input));
  if (report.verdict === "blocked") throw new ArchiveRefused(report.advice[0] ?? "It cannot be trained on.");
  if (edits !== undefined) files.edits = { sha256: await checkEdits(context, run.account, edits.sha256, archive) };
  return { files, log: describeIntake(report) };
}

/** Whether a prediction reads an archive of images, as `easel/prepare` does: by the name that trainings have for it. */
function preparesImages(schema: VersionSchema): boolean {
  return schema.components.schemas.Input?.properties?.input_images !== undefined;
}

/** What the user should know of how the archive was read. What needs nothing done is only counted. */
function describeIntake({ used, skipped, advice }: PreflightReport): string {
  const summary = `${used.length} images read from the archive`;
  return [
    skipped.length === 0 ? `${summary}.` : `${summary}, ${skipped.length} entries skipped.`,
    ...skipped.flatMap(({ file, reason, fix }) => (fix === null ? [] : [`  ${file}: ${reason}. ${fix}`])),
    ...advice,
  ].join("\n");
}

function imagesMissing(): HttpError {
  return invalidInput([
    {
      type: "required",
      field: "input.input_images",
      description: "input_images is required: give a zip or tar of images",
    },
  ]);
}
