/** The samples of a training: pictures that it drew with its weights as of a step. */
import { ReportedFile } from "@easel/contract";
import { z } from "zod";
import type { Db } from "../db.ts";
import { listEventsOfTypes } from "./events.ts";

const Body = z.object({ step: z.number(), prompt: z.string(), seed: z.int(), file: ReportedFile });

export interface Sample extends z.infer<typeof Body> {
  attempt: number;
}

/** Those of one step, in their order. Where two attempts came past it, the later one's. */
export async function listSamples(db: Db, runId: string, step: number): Promise<Sample[]> {
  const samples = (await listEventsOfTypes(db, runId, ["sample"]))
    .map(({ attempt, body }) => ({ attempt, ...Body.parse(JSON.parse(body)) }))
    .filter((sample) => sample.step === step);
  const last = samples.at(-1)?.attempt;
  return samples.filter(({ attempt }) => attempt === last);
}
