/** The devices, how full they are, and what becomes of that while `place` decides: who may be started, and who gives way for it. */
import { type Candidate, type Deployed, isIdle, isKept, isOf, type Kind, type StandingProcess } from "./standing.ts";

export interface Room {
  name: string;
  kind: "cpu" | "gpu";
  processesMax: number;
}

export type Decision =
  | { do: "assign"; runId: string; processId: string }
  | { do: "load"; processId: string; weights: string | null }
  | ({ do: "start"; device: string } & Kind)
  | { do: "stop"; processId: string };

/** The machine as it will be once this moment's decisions are carried out. */
export class World {
  readonly decisions: Decision[] = [];
  readonly processes: Candidate[];
  readonly deployed: Deployed[];
  /** The devices on which a training runs, or is about to. */
  readonly training: Set<string>;
  readonly #rooms: Room[];
  readonly #promised = new Map<string, number>();

  constructor(processes: StandingProcess[], rooms: Room[], deployed: Deployed[]) {
    this.processes = processes.map((process) => ({ ...process, awaited: false }));
    this.deployed = deployed;
    this.training = new Set(processes.filter((process) => process.training).map((process) => process.device));
    this.#rooms = rooms;
  }

  /** Those that may be given something of this kind. */
  of(kind: Kind): Candidate[] {
    return this.processes.filter((process) => isOf(process, kind) && !process.leaving);
  }

  /** Starts a process, or has one give way for it where there is no room. False: everything is in use. */
  makeProcess({ program, base, whole }: Kind, fits: (room: Room) => boolean, sparing: boolean): string | undefined {
    const fitting = this.#rooms.filter(fits);
    const roomy = fitting.find((room) => this.#standing(room.name) < room.processesMax);
    if (roomy !== undefined) {
      this.#promised.set(roomy.name, (this.#promised.get(roomy.name) ?? 0) + 1);
      this.decisions.push({ do: "start", program, base, whole, device: roomy.name });
      return roomy.name;
    }
    const idle = this.processes
      .filter((process) => isIdle(process) && !process.leaving && fitting.some(({ name }) => name === process.device))
      .map((process) => ({ process, kept: isKept(process, this.deployed) }))
      .filter(({ kept }) => !(kept && sparing))
      .sort((a, b) => Number(a.kept) - Number(b.kept) || a.process.idleSince - b.process.idleSince)[0];
    if (idle === undefined) return undefined;
    idle.process.leaving = true;
    this.decisions.push({ do: "stop", processId: idle.process.id });
    return "";
  }

  #standing(device: string): number {
    return this.processes.filter((process) => process.device === device).length + (this.#promised.get(device) ?? 0);
  }
}
