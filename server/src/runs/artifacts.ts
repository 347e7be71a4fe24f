/** Every file that a run has made, in the order in which it did, each with a link that needs no token. */
import { type Artifact, parseReference, ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { findVersion, listVersionsOfSnapshots } from "../models/versions.ts";
import { listEventsOfTypes } from "./events.ts";
import { decodeOutput } from "./output.ts";
import { presentRunFile } from "./present.ts";
import type { RunRow } from "./store.ts";

/** What the events that tell of files are shown as. */
const TYPES = {
  output: "output",
  chunk: "output",
  artifact: "artifact",
  sample: "sample",
  snapshot: "snapshot",
} as const;
const Type = z.enum(["output", "chunk", "artifact", "sample", "snapshot"]);
const Body = z.object({
  file: ReportedFile.optional(),
  files: z.array(ReportedFile).optional(),
  step: z.number().optional(),
  prompt: z.string().optional(),
  seed: z.number().optional(),
});

export async function listArtifacts(context: Context, run: RunRow, origin: string): Promise<Artifact[]> {
  const events = await listEventsOfTypes(context.db, run.id, Type.options);
  const published = await findPublished(context, run);
  return events.flatMap((event) => {
    const { file, files = [], ...facts } = Body.parse(JSON.parse(event.body));
    const { attempt, at } = event;
    const version = event.type === "snapshot" && facts.step !== undefined ? published.get(facts.step) : undefined;
    return [...(file === undefined ? [] : [file]), ...files].map((reported) => ({
      type: TYPES[Type.parse(event.type)],
      attempt,
      at,
      ...facts,
      ...(version === undefined ? {} : { version }),
      file: presentRunFile(context, run.id, attempt, reported, origin),
    }));
  });
}

/** The versions that there are of its snapshots, by step: the one that the training published, and those that people did. */
async function findPublished(context: Context, run: RunRow): Promise<Map<number, string>> {
  const byPeople = await listVersionsOfSnapshots(context.db, run.id);
  const output = decodeOutput(run.output);
  if (output?.kind !== "version" || output.step === undefined) return byPeople;
  const id = parseReference(output.version)?.version;
  const own = id === undefined ? undefined : await findVersion(context.db, id);
  return own === undefined ? byPeople : byPeople.set(output.step, own.id);
}
