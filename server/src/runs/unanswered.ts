/**
 * Creates without a key of the client's own whose reply has not arrived. Clients send a create again when its connection breaks,
 * and that is told from a second wish by the first one's connection: equal creates that are open side by side are as many runs,
 * for whoever asks four times at once wants four pictures.
 */
import type { RunRow } from "./store.ts";

/** How long a create that was never answered is taken for the same as an equal one. */
export const SAME_CREATE_MS = 60_000;

/** How the reply to a create is doing; `closed` resolves once it is no longer open. */
export interface Reply {
  state: "open" | "arrived" | "broken";
  closed: Promise<void>;
}

interface Unanswered {
  reply: Reply;
  made: Promise<RunRow>;
}

export class UnansweredCreates {
  readonly #byHash = new Map<string, Unanswered[]>();

  /** What comes of an equal create whose connection broke; else of `make`, which is told whether no equal one is open. */
  share(hash: string, reply: Reply, make: (isAlone: boolean) => Promise<RunRow>): Promise<RunRow> {
    const known = this.#byHash.get(hash) ?? [];
    const broken = known.find((one) => one.reply.state === "broken");
    if (broken !== undefined) {
      this.#answer(hash, broken, reply);
      return broken.made;
    }
    const one = { reply, made: make(known.length === 0) };
    this.#byHash.set(hash, [...known, one]);
    this.#answer(hash, one, reply);
    one.made.catch(() => this.#forget(hash, one));
    return one.made;
  }

  /** Keeps `one` until its reply has arrived, and one that did not for as long as its client may come again. */
  #answer(hash: string, one: Unanswered, reply: Reply): void {
    one.reply = reply;
    void reply.closed.then(() => {
      if (reply.state === "arrived") return this.#forget(hash, one);
      setTimeout(() => one.reply === reply && this.#forget(hash, one), SAME_CREATE_MS).unref();
    });
  }

  #forget(hash: string, one: Unanswered): void {
    const left = (this.#byHash.get(hash) ?? []).filter((other) => other !== one);
    if (left.length > 0) this.#byHash.set(hash, left);
    else this.#byHash.delete(hash);
  }
}
