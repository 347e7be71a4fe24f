/**
 * Who runs where: one pure function from what waits and what stands to what should be done next.
 * Oldest run first; a process that already holds the base first; the longest idle process gives way; at most one training a device.
 */
import type { RunKind } from "../db.ts";

export interface WaitingRun {
  id: string;
  kind: RunKind;
  program: string;
  base: string | null;
  /** The hash of weights that stand in the base's place: a base of their own. */
  whole: string | null;
  needs: "cpu" | "gpu";
}

export interface StandingProcess {
  id: string;
  program: string;
  base: string | null;
  whole: string | null;
  device: string;
  /** It has dialled in and can be given work. */
  ready: boolean;
  /** It was told to end, or was given up, and still takes its place. */
  leaving: boolean;
  training: boolean;
  predictions: number;
  idleSince: number;
}

export interface Room {
  name: string;
  kind: "cpu" | "gpu";
  processesMax: number;
}

export type Decision =
  | { do: "assign"; runId: string; processId: string }
  | { do: "start"; program: string; base: string | null; whole: string | null; device: string }
  | { do: "stop"; processId: string };

/** The decisions for one moment, in order. Calling it again on an unchanged world, once they are carried out, gives none. */
export function place(waiting: WaitingRun[], processes: StandingProcess[], devices: Room[]): Decision[] {
  const decisions: Decision[] = [];
  const world = processes.map((process) => ({ ...process, spoken: false }));
  const training = new Set(processes.filter((process) => process.training).map((process) => process.device));
  const promised = new Map<string, number>();

  for (const run of waiting) {
    const mine = world.filter(
      (process) =>
        process.program === run.program && process.base === run.base && process.whole === run.whole && !process.leaving,
    );
    const free = mine.filter(
      (process) => isFree(process) && !(run.kind === "training" && training.has(process.device)),
    );
    const ready = free.find((process) => process.ready) ?? free[0];
    if (ready !== undefined) {
      ready.spoken = true;
      if (run.kind === "training") training.add(ready.device);
      if (ready.ready) decisions.push({ do: "assign", runId: run.id, processId: ready.id });
      continue;
    }
    // A process that draws will be free in a moment; another copy of its base would only cost memory.
    if (run.kind === "prediction" && mine.some((process) => !process.training)) continue;
    const fitting = devices.filter(
      (device) => device.kind === run.needs && !(run.kind === "training" && training.has(device.name)),
    );
    const roomy = fitting.find((device) => standing(device.name) < device.processesMax);
    if (roomy !== undefined) {
      promised.set(roomy.name, (promised.get(roomy.name) ?? 0) + 1);
      if (run.kind === "training") training.add(roomy.name);
      decisions.push({ do: "start", program: run.program, base: run.base, whole: run.whole, device: roomy.name });
      continue;
    }
    const idle = world
      .filter(
        (process) => isFree(process) && !process.leaving && fitting.some((device) => device.name === process.device),
      )
      .sort((a, b) => a.idleSince - b.idleSince)[0];
    if (idle !== undefined) {
      idle.leaving = true;
      decisions.push({ do: "stop", processId: idle.id });
    }
  }
  return decisions;

  function standing(device: string): number {
    return world.filter((process) => process.device === device).length + (promised.get(device) ?? 0);
  }
}

function isFree(process: StandingProcess & { spoken: boolean }): boolean {
  return !process.spoken && !process.training && process.predictions === 0;
}
