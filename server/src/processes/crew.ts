/** The model processes as far as they are known only while they are connected, or on their way: nothing of it is stored. */
import type { Slots } from "@easel/contract";
import type { RunRow } from "../runs/store.ts";
import type { Session } from "./session.ts";
import type { StandingProcess } from "./standing.ts";
import type { ProcessRow } from "./store.ts";

export class Crew {
  readonly #sessions = new Map<string, Session>();
  readonly #predictSlots = new Map<string, number>();
  readonly #loaded = new Map<string, Slots["loaded"]>();
  /** What it was told to load, until it has; for good where it could not. */
  readonly #asked = new Map<string, Slots["loaded"]>();
  readonly #idleSince = new Map<string, number>();
  /** Those that were told to end, and since when. */
  readonly leaving = new Map<string, number>();
  /** Those that have dialled in at least once. */
  readonly greeted = new Set<string>();

  readonly #children = new Set<string>();
  readonly #exits = new Map<string, NodeJS.Signals | null>();
  readonly #memoryBytes = new Map<string, number>();

  session(processId: string): Session | undefined {
    return this.#sessions.get(processId);
  }

  /** All that are connected, by their ids. */
  connected(): [processId: string, session: Session][] {
    return [...this.#sessions];
  }

  /** It has dialled in, again where it was there before. */
  join(processId: string, session: Session, now: number): void {
    this.#sessions.get(processId)?.close();
    this.#sessions.set(processId, session);
    this.greeted.add(processId);
    this.#idleSince.set(processId, now);
  }

  /** The connection is closed; the process may come back with another. */
  part(session: Session): void {
    if (this.#sessions.get(session.processId) === session) this.#sessions.delete(session.processId);
  }

  /** The process is gone. */
  forget(processId: string): void {
    this.#sessions.get(processId)?.close();
    for (const table of [this.#sessions, this.#predictSlots, this.#loaded, this.#asked]) table.delete(processId);
    for (const table of [this.#idleSince, this.#exits, this.#memoryBytes, this.leaving]) table.delete(processId);
    this.greeted.delete(processId);
    this.#children.delete(processId);
  }

  /** This server has started it, and will hear of its end from the kernel. */
  noteStart(processId: string): void {
    this.#children.add(processId);
  }

  /** Whether a child of this server still runs; undefined for another's. */
  isRunning(processId: string): boolean | undefined {
    return this.#children.has(processId) ? !this.#exits.has(processId) : undefined;
  }

  /** One that this server started has ended: by a signal, or by itself. */
  noteExit(processId: string, signal: NodeJS.Signals | null): void {
    this.#exits.set(processId, signal);
  }

  /** The signal that ended it; undefined where only another server could tell. */
  exitOf(processId: string): NodeJS.Signals | null | undefined {
    return this.#exits.get(processId);
  }

  /** How much memory it had at most, when last looked at. */
  noteMemory(processId: string, bytes: number | undefined): void {
    if (bytes !== undefined) this.#memoryBytes.set(processId, bytes);
  }

  memoryOf(processId: string): number | undefined {
    return this.#memoryBytes.get(processId);
  }

  /** How many predictions it can hold at once. */
  noteSlots(processId: string, predict: number): void {
    this.#predictSlots.set(processId, predict);
  }

  noteLoaded(processId: string, loaded: Slots["loaded"]): void {
    this.#loaded.set(processId, loaded);
    if (loaded !== null && this.#asked.get(processId)?.weights === loaded.weights) this.#asked.delete(processId);
  }

  noteAsked(processId: string, weights: string | null): void {
    this.#asked.set(processId, { weights });
  }

  noteIdle(processId: string, now: number): void {
    this.#idleSince.set(processId, now);
  }

  view(process: ProcessRow, held: RunRow[]): StandingProcess {
    const mine = held.filter((run) => run.process_id === process.id);
    return {
      id: process.id,
      program: process.program,
      base: process.base,
      whole: process.weights_sha256,
      device: process.device,
      ready: this.#sessions.has(process.id),
      leaving: this.leaving.has(process.id),
      training: mine.some((run) => run.kind === "training"),
      predictions: mine.filter((run) => run.kind === "prediction").length,
      drawsFor: mine.flatMap((run) => run.deployment ?? []),
      predictSlots: this.#predictSlots.get(process.id) ?? 0,
      loaded: this.#loaded.get(process.id) ?? null,
      asked: this.#asked.get(process.id) ?? null,
      idleSince: this.#idleSince.get(process.id) ?? 0,
    };
  }
}
