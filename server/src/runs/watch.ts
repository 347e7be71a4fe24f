/** The only way to be told of a change. Carries no data: who is woken reads the database, so a lost poke costs only time. */
export class Watch {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Wakes everyone who waits for this topic: a run's id, or "queue" for whoever hands out work. */
  poke(topic: string): void {
    const wakers = this.#waiting.get(topic);
    if (wakers === undefined) return;
    this.#waiting.delete(topic);
    for (const wake of wakers) wake();
  }

  /**
   * Resolves at the next poke, after `timeoutMs`, or when the signal aborts, whichever is first.
   * Subscribe before reading the state that the poke is about, or the change between the two is missed.
   */
  next(topic: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wakers = this.#waiting.get(topic) ?? new Set();
      this.#waiting.set(topic, wakers);
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        wakers.delete(wake);
        if (wakers.size === 0 && this.#waiting.get(topic) === wakers) this.#waiting.delete(topic);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      timer.unref();
      signal?.addEventListener("abort", wake);
      wakers.add(wake);
    });
  }
}
