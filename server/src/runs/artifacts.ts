/** Every file that a run has made, in the order in which it did, each with a link that needs no token. */
import { type Artifact, ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { listEventsOfTypes } from "./events.ts";
import { presentRunFile } from "./present.ts";
import { listPublished } from "./published.ts";
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
  const published = await listPublished(context.db, run);
  return events.flatMap((event) => {
    const { file, files = [], ...facts } = Body.parse(JSON.parse(event.body));
    const { attempt, at } = event;
    const version = event.type === "snapshot" && facts.step !== undefined ? published.get(facts.step)?.id : undefined;
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
