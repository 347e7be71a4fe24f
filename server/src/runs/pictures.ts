/** The pictures of a run, for a page to show: what it gave, and what it drew on the way. */
import { ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Context } from "../context.ts";
import { listEventsOfType } from "./events.ts";
import { decodeOutput } from "./output.ts";
import { presentRunFile } from "./present.ts";
import type { RunRow } from "./store.ts";

export interface Picture {
  url: string;
  caption: string;
}

const Reported = z.object({ file: ReportedFile, step: z.number().optional(), prompt: z.string().optional() });

/** Outputs first, then samples and the picture drawn from the finished weights, newest first. */
export async function listPictures(context: Context, run: RunRow, origin: string): Promise<Picture[]> {
  const output = decodeOutput(run.output);
  const outputs = output?.kind === "files" ? output.files.filter(isPicture) : [];
  const attempt = output?.kind === "files" ? output.attempt : run.attempt;
  const drawn = [
    ...(await listEventsOfType(context.db, run.id, "artifact")),
    ...(await listEventsOfType(context.db, run.id, "sample")),
  ].sort((a, b) => b.number - a.number);
  return [
    ...outputs.map((file) => ({ url: presentRunFile(context, run.id, attempt, file, origin).url, caption: file.name })),
    ...drawn.flatMap((event) => {
      const { file, step, prompt } = Reported.parse(JSON.parse(event.body));
      if (!isPicture(file)) return [];
      const caption = step === undefined ? file.name : `step ${step}: ${prompt ?? ""}`;
      return [{ url: presentRunFile(context, run.id, event.attempt, file, origin).url, caption }];
    }),
  ];
}

function isPicture(file: ReportedFile): boolean {
  return file.contentType.startsWith("image/");
}
