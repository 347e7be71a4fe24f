/** Buckets by name, each of which holds a minute's worth and fills up evenly: a burst is let through, a steady flow too. */

export interface Taken {
  remaining: number;
  /** Until the bucket is full again. */
  resetSeconds: number;
  /** Until there is something to take; 0 when there was. */
  waitSeconds: number;
}

/** A bucket that is full again says no more than none; they are looked through when there are so many. */
const BUCKETS_MAX = 10_000;

export class Buckets {
  readonly #perMinute: number;
  readonly #levels = new Map<string, { level: number; atMs: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  take(name: string, nowMs: number): Taken {
    const perMs = this.#perMinute / 60_000;
    const level = this.#levelOf(name, nowMs);
    const isTaken = level >= 1;
    const left = isTaken ? level - 1 : level;
    if (this.#levels.size >= BUCKETS_MAX && !this.#levels.has(name)) this.#forgetFull(nowMs);
    this.#levels.set(name, { level: left, atMs: nowMs });
    return {
      remaining: Math.floor(left),
      resetSeconds: Math.ceil((this.#perMinute - left) / perMs / 1000),
      waitSeconds: isTaken ? 0 : Math.ceil((1 - left) / perMs / 1000),
    };
  }

  /** Gives back what was taken. */
  giveBack(name: string, nowMs: number): void {
    this.#levels.set(name, { level: Math.min(this.#perMinute, this.#levelOf(name, nowMs) + 1), atMs: nowMs });
  }

  #levelOf(name: string, nowMs: number): number {
    const { level, atMs } = this.#levels.get(name) ?? { level: this.#perMinute, atMs: nowMs };
    // A clock that was set back fills nothing.
    return Math.min(this.#perMinute, level + (Math.max(0, nowMs - atMs) * this.#perMinute) / 60_000);
  }

  #forgetFull(nowMs: number): void {
    for (const name of this.#levels.keys())
      if (this.#levelOf(name, nowMs) >= this.#perMinute) this.#levels.delete(name);
  }
}
