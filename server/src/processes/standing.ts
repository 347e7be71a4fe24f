/** A model process as `place` sees it: what it holds, what it does, and whether that is what somebody wants. */
/** What a process has loaded for good when it starts; a whole model, by its hash, stands in the base's place. */
export interface Kind {
  program: string;
  base: string | null;
  whole: string | null;
}

/** A deployment's current version, and how many processes it wants. */
export interface Deployed extends Kind {
  name: string;
  weights: string | null;
  needs: "cpu" | "gpu";
  min: number;
  max: number;
}

export interface StandingProcess extends Kind {
  id: string;
  device: string;
  /** It has dialled in and can be given work. */
  ready: boolean;
  /** It was told to end, or was given up, and still takes its place. */
  leaving: boolean;
  training: boolean;
  predictions: number;
  /** The deployments that these were asked of. */
  drawsFor: string[];
  /** How many predictions it can hold at once, as it said last: none while it trains without making room. */
  predictSlots: number;
  /** What it is ready to predict with, and what it was told to load and has not. */
  loaded: { weights: string | null } | null;
  asked: { weights: string | null } | null;
  idleSince: number;
}

/** A process with what this moment's decisions have made of it so far. */
export interface Candidate extends StandingProcess {
  /** A run waits for it: it gets nothing else, and is not stopped. */
  awaited: boolean;
}

export function isIdle(process: Candidate): boolean {
  return !process.awaited && !process.training && process.predictions === 0;
}

export function isOf(process: StandingProcess, kind: Kind): boolean {
  return process.program === kind.program && process.base === kind.base && process.whole === kind.whole;
}

/** Whether it predicts with these weights without loading anything. */
export function holds(process: StandingProcess, wanted: Kind & { weights: string | null }): boolean {
  return isOf(process, wanted) && process.loaded !== null && process.loaded.weights === wanted.weights;
}

/** It holds what a deployment wants held, or is about to. */
export function isKept(process: StandingProcess, deployed: Deployed[]): boolean {
  return deployed.some((one) => one.min > 0 && keeps(process, one));
}

/** It has what the deployment wants, or was told to load it. */
export function keeps(process: StandingProcess, one: Deployed): boolean {
  return holds(process, one) || (isOf(process, one) && process.asked !== null && process.asked.weights === one.weights);
}
