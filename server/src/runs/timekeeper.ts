/** What happens to runs because time goes by: those past their deadline are canceled, and old data is removed. */
import type { Context } from "../context.ts";
import { cancelRun } from "./cancel.ts";
import { listOverdueRuns } from "./due.ts";
import { deleteIdempotencyKeys } from "./idempotency-keys.ts";
import { KEY_MS } from "./once.ts";
import { removeDueData } from "./removal.ts";

const TICK_MS = 1000;
const TICKS_BETWEEN_REMOVALS = 60;
/** What is poked to look at the clock at once. */
export const CLOCK_TOPIC = "clock";

export class Timekeeper {
  readonly #context: Context;
  readonly #stopped = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(context: Context) {
    this.#context = context;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let tick = 0; !signal.aborted; tick++) {
      const poked = this.#context.watch.next(CLOCK_TOPIC, TICK_MS, signal);
      try {
        await cancelOverdueRuns(this.#context);
        if (tick % TICKS_BETWEEN_REMOVALS === 0) await removeWhatIsOld(this.#context);
      } catch (error) {
        this.#context.log.error({ error }, "what time does to runs could not be done");
      }
      await poked;
    }
  }
}

/** Like a cancel by its owner: one that waits ends at once, one that is processing at its next step. */
export async function cancelOverdueRuns(context: Context): Promise<void> {
  const now = new Date(context.now()).toISOString();
  for (const run of await listOverdueRuns(context.db, now)) await cancelRun(context, run);
}

async function removeWhatIsOld(context: Context): Promise<void> {
  await deleteIdempotencyKeys(context.db, new Date(context.now() - KEY_MS).toISOString());
  await removeDueData(context);
}
