/** The snapshots of a training: its weights as of a step, in the folder of the attempt that wrote them. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { notFound } from "../errors.ts";
import { attemptFolder } from "./attempt-folder.ts";
import { listEventsOfTypes } from "./events.ts";

const Body = z.object({ step: z.int(), file: ReportedFile });

export interface Snapshot {
  step: number;
  path: string;
  sha256: string;
  size: number;
}

/** By step. Where two attempts came past the same step, the later one's: its training is the one that was published. */
export async function listSnapshots(context: Context, runId: string): Promise<Snapshot[]> {
  const byStep = new Map<number, Snapshot>();
  for (const { attempt, body } of await listEventsOfTypes(context.db, runId, ["snapshot"])) {
    const { step, file } = Body.parse(JSON.parse(body));
    const path = join(attemptFolder(context, runId, attempt), file.path);
    byStep.set(step, { step, path, sha256: file.sha256, size: file.size });
  }
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}

/** Throws 404, with the steps that there are, where there is none of that step, or its file is gone. */
export async function requireSnapshot(context: Context, runId: string, step: number): Promise<Snapshot> {
  const snapshots = await listSnapshots(context, runId);
  const snapshot = snapshots.find((one) => one.step === step);
  if (snapshot === undefined) {
    const steps = snapshots.map((one) => one.step).join(", ");
    throw notFound(
      steps === ""
        ? `There is no snapshot of step ${step}: this training has none, or what it made was deleted. Take the version that it published.`
        : `There is no snapshot of step ${step}. Choose of ${steps}.`,
    );
  }
  if (await stat(snapshot.path).catch(() => undefined)) return snapshot;
  throw notFound(`The file of the snapshot of step ${step} is gone from this machine. Choose another, or train again.`);
}
