/** The snapshots that a training has left, by step. */
import { queryOptions } from "@tanstack/react-query";
import { client } from "./client.ts";

export interface Snapshot {
  step: number;
  url: string;
  /** The id of the version that was published of it. */
  version: string | undefined;
}

export const snapshotsQuery = (training: string) =>
  queryOptions({ queryKey: ["snapshots", training], queryFn: () => listSnapshots(training) });

/** Where two attempts came past the same step, the later one's. */
async function listSnapshots(training: string): Promise<Snapshot[]> {
  const { results } = await client.runs.artifacts(training);
  const snapshots = results.filter(({ type }) => type === "snapshot");
  const byStep = new Map(snapshots.map(({ step = 0, file, version }) => [step, { step, url: file.url, version }]));
  return [...byStep.values()].toSorted((a, b) => a.step - b.step);
}
