/** Where trainings wrote the weights of versions that were deleted since: with the version they are needed no more. */
import { join } from "node:path";
import type { Context } from "../context.ts";
import { listDeletedTrainings } from "../models/versions.ts";
import { attemptFolder } from "../runs/attempt-folder.ts";
import { decodeOutput } from "../runs/output.ts";

/** The paths, whether there is still a file or not. */
export async function listDeletedWeights(
  context: Pick<Context, "db" | "config">,
  deletedBefore: string,
): Promise<string[]> {
  const trainings = await listDeletedTrainings(context.db, deletedBefore);
  return trainings.flatMap(({ id, output: stored }) => {
    const output = decodeOutput(stored);
    return output?.kind === "version" ? [join(attemptFolder(context, id, output.attempt), output.weights.path)] : [];
  });
}
