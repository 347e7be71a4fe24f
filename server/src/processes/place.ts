/**
 * Who runs where: one pure function from what waits and what stands to what should be done next.
 * Oldest run first; a process that already holds the base first; the longest idle process gives way; at most one training
 * a device. A prediction goes to an idle process, else to one that draws, else to one that trains and makes room. What is
 * left over is made ready for deployments.
 */
import type { RunKind } from "../db.ts";
import { type Decision, type Room, World } from "./room.ts";
import { type Candidate, type Deployed, holds, isIdle, isKept, type Kind, type StandingProcess } from "./standing.ts";
import { keepWarm } from "./warm.ts";

export interface WaitingRun extends Kind {
  id: string;
  kind: RunKind;
  needs: "cpu" | "gpu";
  /** The hash of the version's weights. */
  weights: string | null;
  /** The deployment that it was asked of. */
  deployment: string | null;
  /** Attempts before this one. */
  tries: number;
}

/** The decisions for one moment, in order. Calling it again on an unchanged world, once they are carried out, gives none. */
export function place(
  waiting: WaitingRun[],
  processes: StandingProcess[],
  rooms: Room[],
  deployed: Deployed[] = [],
): Decision[] {
  const world = new World(processes, rooms, deployed);
  for (const run of waiting) {
    if (run.kind === "training") placeTraining(world, run);
    else placePrediction(world, run);
  }
  for (const one of deployed) keepWarm(world, one);
  return world.decisions;
}

function placeTraining(world: World, run: WaitingRun): void {
  const mine = world.of(run);
  const free = mine.filter((process) => isIdle(process) && !world.training.has(process.device));
  const taker = free.find((process) => process.ready) ?? free[0];
  if (taker !== undefined) {
    if (taker.ready) world.decisions.push({ do: "assign", runId: run.id, processId: taker.id });
    world.training.add(taker.device);
    taker.awaited = true;
    return;
  }
  const device = world.makeProcess(run, (room) => room.kind === run.needs && !world.training.has(room.name), false);
  if (device) world.training.add(device);
  if (device !== undefined) return;
  // Else predictions that come one after the other would keep it busy for ever.
  const drawing = mine.find((process) => !process.awaited && !world.training.has(process.device));
  if (drawing !== undefined) drawing.awaited = true;
}

function placePrediction(world: World, run: WaitingRun): void {
  const deployment = world.deployed.find(({ name }) => name === run.deployment);
  const serving = world.of(run).filter((process) => process.drawsFor.includes(run.deployment ?? ""));
  const full = deployment !== undefined && serving.length >= deployment.max;
  const mine = full ? serving : world.of(run);
  const taker = predictorAmong(world, mine, run);
  if (taker !== undefined) {
    if (!taker.ready) {
      taker.awaited = true;
      return;
    }
    world.decisions.push({ do: "assign", runId: run.id, processId: taker.id });
    taker.predictions += 1;
    if (run.deployment !== null) taker.drawsFor.push(run.deployment);
    return;
  }
  // A process that draws will be free in a moment; another copy of its base would only cost memory.
  if (full || mine.some((process) => willTake(process, run))) return;
  world.makeProcess(run, (room) => room.kind === run.needs, false);
}

function predictorAmong(world: World, mine: Candidate[], run: WaitingRun): Candidate | undefined {
  const free = mine.filter(
    (process) =>
      !process.awaited && willTake(process, run) && (!process.ready || process.predictions < process.predictSlots),
  );
  // Who has the weights goes before who has not, and that before who is kept ready for others.
  const strangeness = (process: Candidate) => (holds(process, run) ? 0 : isKept(process, world.deployed) ? 0.6 : 0.3);
  const busyness = (process: Candidate) =>
    (process.ready ? 0 : 1000) + (process.training ? 100 : 0) + process.predictions + strangeness(process);
  return free.sort((a, b) => busyness(a) - busyness(b))[0];
}

/** Now or in a moment. A prediction that a process was lost over is let near no training. */
function willTake(process: Candidate, run: WaitingRun): boolean {
  return process.training ? process.predictSlots > 0 && run.tries === 0 : true;
}
