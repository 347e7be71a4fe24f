/** Gives a waiting run to a model process: one guarded statement, and the command that starts the work. */
import { join } from "node:path";
import type { RunCommand } from "@easel/contract";
import { z } from "zod";
import { type Context, timestamp } from "../context.ts";
import { makeFolderDurably } from "../files/durable.ts";
import { findVersion } from "../models/versions.ts";
import { announceStart } from "../webhooks/outbox.ts";
import { attemptFolder } from "./attempt-folder.ts";
import { findNewestState, insertAttempt } from "./attempts.ts";
import { insertServerLog } from "./events.ts";
import { claimRun } from "./moves.ts";
import { leaseFromNow } from "./report.ts";
import type { RunRow } from "./store.ts";

/** The files of a run's input: input name → the blob that the model process reads. */
export const RunFiles = z.record(z.string(), z.object({ sha256: z.string() }));
export type RunFiles = z.infer<typeof RunFiles>;
const RunInput = z.record(z.string(), z.json());

/** Claims the run for the process on `device`; undefined when it was canceled or taken meanwhile. */
export async function assignRun(
  context: Context,
  runId: string,
  processId: string,
  device: string,
): Promise<RunRow | undefined> {
  const at = timestamp(context);
  const run = await context.db.transaction().execute(async (tx) => {
    const claimed = await claimRun(tx, { runId, processId, leaseEndsAt: leaseFromNow(context), at });
    if (claimed === undefined) return undefined;
    await insertAttempt(tx, { runId, number: claimed.attempt, processId, at });
    if (claimed.kind === "training") await insertServerLog(tx, runId, `Training on ${device}.`, at);
    await announceStart(context, tx, claimed);
    return claimed;
  });
  if (run !== undefined) context.watch.poke(runId);
  return run;
}

/** The command for a claimed run: local paths only, each with the hash that the process may check. */
export async function runCommand(context: Context, run: RunRow): Promise<RunCommand> {
  const version = await findVersion(context.db, run.version_id);
  if (version === undefined) throw new Error(`Run ${run.id} names version ${run.version_id}, which is not there.`);
  const folder = attemptFolder(context, run.id, run.attempt);
  await makeFolderDurably(folder);
  const state = await findNewestState(context.db, run.id);
  const files = Object.entries(RunFiles.parse(JSON.parse(run.files)));
  return {
    type: "run",
    id: run.id,
    attempt: run.attempt,
    kind: run.kind,
    input: RunInput.parse(JSON.parse(run.input)),
    files: Object.fromEntries(files.map(([name, { sha256 }]) => [name, { path: context.blobs.path(sha256), sha256 }])),
    weights:
      version.weights_sha256 === null
        ? null
        : { path: context.blobs.path(version.weights_sha256), sha256: version.weights_sha256 },
    state:
      state === undefined
        ? null
        : { path: join(attemptFolder(context, run.id, state.attempt), state.path), step: state.step },
    folder,
  };
}
