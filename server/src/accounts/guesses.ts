/**
 * Slows down whoever guesses API tokens: so many that are unknown are looked up a minute for one address, and no more. A token
 * that was good from there before is no guess and never waits, however many others guess beside it. Knows no HTTP.
 */
import { Buckets } from "../buckets.ts";

const GUESSES_PER_MINUTE = 30;
/** Tokens by addresses; those that came first are forgotten first, and count as guesses until they prove to be none. */
const KNOWN_MAX = 10_000;

export class Guesses {
  readonly #left = new Buckets(GUESSES_PER_MINUTE);
  readonly #known = new Map<string, "asked" | "good">();

  /** Call it before a token is looked up: the seconds that this has to wait, 0 for none. */
  begin(address: string, tokenHash: string, nowMs: number): number {
    const pair = `${address} ${tokenHash}`;
    // One that is just being looked up is one guess, however many requests bring it.
    if (this.#known.has(pair)) return 0;
    const { waitSeconds } = this.#left.take(address, nowMs);
    if (waitSeconds > 0) return waitSeconds;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < KNOWN_MAX) break;
      this.#known.delete(oldest);
    }
    this.#known.set(pair, "asked");
    return 0;
  }

  /** It was looked up. `isGood`: there is such a token, or was. */
  end(address: string, tokenHash: string, isGood: boolean, nowMs: number): void {
    const pair = `${address} ${tokenHash}`;
    const before = this.#known.get(pair);
    if (before === "asked" && isGood) this.#left.giveBack(address, nowMs);
    if (isGood) this.#known.set(pair, "good");
    else this.#known.delete(pair);
  }
}
