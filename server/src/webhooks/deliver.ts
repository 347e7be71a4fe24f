/**
 * Sends what stands in the outbox. One message of a run at a time and in their order; a few at a time to one host, so that
 * a receiver that does not answer delays nobody else's. What is still to be sent stands in rows: a server that starts again
 * goes on where the one before it was.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import { attemptDelivery } from "./attempt.ts";
import { WEBHOOK_TOPIC } from "./outbox.ts";
import { type DeliveryRow, failCutOffDeliveries, findNextAttemptAt, listDueDeliveries } from "./store.ts";

const LOOK_MS = 60_000;
const AT_ONCE_PER_HOST = 4;
const AT_ONCE = 256;
const CHUNK = 100;
const CUT_OFF = "The server ended while it was on its way.";

type Due = Pick<DeliveryRow, "number" | "run_id" | "host">;

export class WebhookDeliverer {
  readonly #context: Context;
  readonly #stopped = new AbortController();
  /** What is on its way, by run. */
  readonly #sending = new Map<string, { host: string; ended: Promise<void> }>();
  #loop: Promise<void> = Promise.resolve();
  #alarm: NodeJS.Timeout | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Cuts off what is on its way; the next start goes on. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    clearTimeout(this.#alarm);
    await Promise.all([...this.#sending.values()].map(({ ended }) => ended));
  }

  async #run(): Promise<void> {
    const { db, watch, log } = this.#context;
    const { signal } = this.#stopped;
    await failCutOffDeliveries(db, CUT_OFF).catch((error) => log.error({ error }, "webhooks could not be taken up"));
    while (!signal.aborted) {
      const poked = watch.next(WEBHOOK_TOPIC, LOOK_MS, signal);
      try {
        await this.#setAlarm(await this.#takeDue());
      } catch (error) {
        log.error({ error }, "webhooks could not be listed");
      }
      await poked;
    }
  }

  /** Takes up what is due, and answers until when it has looked. */
  async #takeDue(): Promise<number> {
    for (;;) {
      const now = this.#context.now();
      const room = Math.min(CHUNK, AT_ONCE - this.#sending.size);
      if (room <= 0) return now;
      const busyRuns = [...this.#sending.keys()];
      const listed = await listDueDeliveries(this.#context.db, {
        now,
        busyRuns,
        busyHosts: this.#busyHosts(),
        limit: room,
      });
      for (const due of listed) this.#take(due);
      if (listed.length === 0 || this.#stopped.signal.aborted) return now;
    }
  }

  #take({ number, run_id, host }: Due): void {
    if (this.#sending.has(run_id) || this.#busyHosts().includes(host) || this.#stopped.signal.aborted) return;
    const ended = attemptDelivery(this.#context, number, this.#stopped.signal)
      .catch((error) => this.#holdBack(run_id, error))
      .finally(() => {
        this.#sending.delete(run_id);
        this.#context.watch.poke(WEBHOOK_TOPIC);
      });
    this.#sending.set(run_id, { host, ended });
  }

  /** A fault of our own: its run keeps its place for a while, or it would be repeated without end. */
  async #holdBack(run: string, error: unknown): Promise<void> {
    this.#context.log.error({ error, run }, "a webhook could not be sent");
    await sleep(LOOK_MS, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => {});
  }

  #busyHosts(): string[] {
    const counts = new Map<string, number>();
    for (const { host } of this.#sending.values()) counts.set(host, (counts.get(host) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= AT_ONCE_PER_HOST).map(([host]) => host);
  }

  /** For what comes due after `lookedUntil`, not after now: what came due in between would wait for the next look. */
  async #setAlarm(lookedUntil: number): Promise<void> {
    clearTimeout(this.#alarm);
    const next = await findNextAttemptAt(this.#context.db, lookedUntil);
    if (next === undefined || next - lookedUntil > LOOK_MS) return;
    this.#alarm = setTimeout(() => this.#context.watch.poke(WEBHOOK_TOPIC), Math.max(0, next - this.#context.now()));
    this.#alarm.unref();
  }
}
