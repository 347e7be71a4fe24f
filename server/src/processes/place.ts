/**
 * Who runs where: one pure function from what waits and what stands to what should be done next.
 * Oldest run first; a process that already holds the base first; the longest idle process gives way; at most one training
 * a device. A prediction goes to an idle process, else to one that draws, else to one that trains and makes room.
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
  /** Attempts before this one. */
  tries: number;
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
  /** How many predictions it can hold at once, as it said last: none while it trains without making room. */
  predictSlots: number;
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

/** A process with what this moment's decisions have made of it so far. */
interface Candidate extends StandingProcess {
  /** A run waits for it: it gets nothing else, and is not stopped. */
  awaited: boolean;
}

/** The decisions for one moment, in order. Calling it again on an unchanged world, once they are carried out, gives none. */
export function place(waiting: WaitingRun[], processes: StandingProcess[], devices: Room[]): Decision[] {
  const decisions: Decision[] = [];
  const world: Candidate[] = processes.map((process) => ({ ...process, awaited: false }));
  const training = new Set(processes.filter((process) => process.training).map((process) => process.device));
  const promised = new Map<string, number>();

  for (const run of waiting) {
    const mine = world.filter(
      (process) =>
        process.program === run.program && process.base === run.base && process.whole === run.whole && !process.leaving,
    );
    const taker = run.kind === "training" ? trainerAmong(mine) : predictorAmong(mine, run);
    if (taker !== undefined) {
      if (taker.ready) decisions.push({ do: "assign", runId: run.id, processId: taker.id });
      if (run.kind === "training") training.add(taker.device);
      if (run.kind === "training" || !taker.ready) taker.awaited = true;
      else taker.predictions += 1;
      continue;
    }
    // A process that draws will be free in a moment; another copy of its base would only cost memory.
    if (run.kind === "prediction" && mine.some((process) => willTake(process, run))) continue;
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
      .filter((process) => isIdle(process) && !process.leaving && fitting.some(({ name }) => name === process.device))
      .sort((a, b) => a.idleSince - b.idleSince)[0];
    if (idle !== undefined) {
      idle.leaving = true;
      decisions.push({ do: "stop", processId: idle.id });
    } else if (run.kind === "training") {
      // Else predictions that come one after the other would keep it busy for ever.
      const drawing = mine.find((process) => !process.awaited && !training.has(process.device));
      if (drawing !== undefined) drawing.awaited = true;
    }
  }
  return decisions;

  function standing(device: string): number {
    return world.filter((process) => process.device === device).length + (promised.get(device) ?? 0);
  }

  function trainerAmong(mine: Candidate[]): Candidate | undefined {
    const free = mine.filter((process) => isIdle(process) && !training.has(process.device));
    return free.find((process) => process.ready) ?? free[0];
  }
}

function predictorAmong(mine: Candidate[], run: WaitingRun): Candidate | undefined {
  const free = mine.filter(
    (process) =>
      !process.awaited && willTake(process, run) && (!process.ready || process.predictions < process.predictSlots),
  );
  const busyness = (process: Candidate) =>
    (process.ready ? 0 : 1000) + (process.training ? 100 : 0) + process.predictions;
  return free.sort((a, b) => busyness(a) - busyness(b))[0];
}

/** Now or in a moment. A prediction that a process was lost over is let near no training. */
function willTake(process: Candidate, run: WaitingRun): boolean {
  return process.training ? process.predictSlots > 0 && run.tries === 0 : true;
}

function isIdle(process: Candidate): boolean {
  return !process.awaited && !process.training && process.predictions === 0;
}
