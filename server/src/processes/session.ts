/**
 * One connection of a model process: reads its lines, commits its events in batches, answers with acks.
 * The first event of a quiet period is committed at once, what follows every 50 ms, and a run's last word again at once:
 * somebody waits for it, and it is one a run. Knows nothing of who should do what.
 */
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { type Command, type Hello, LINE_BYTES_MAX, type ProcessEvent, ProcessLine, type Slots } from "@easel/contract";
import type { Context } from "../context.ts";
import { type FinalEvent, finishAttempt, isFinal } from "../runs/finish.ts";
import type { Holder } from "../runs/moves.ts";
import { commitEvents } from "../runs/report.ts";

const BATCH_MS = 50;
const QUEUE_MAX = 5000;

export interface SessionHandlers {
  /** Whether the process may stay; it is told to shut down otherwise. */
  hello(session: Session, hello: Hello): Promise<boolean>;
  /** It gave a sign of life outside any event. */
  alive(processId: string): void;
  /** What it can take has changed. */
  slots(processId: string, slots: Slots): void;
  /** A run of it has ended. */
  freed(processId: string): void;
  /** An attempt was refused to it, or it gave one up: it will end. */
  ending(processId: string): void;
  closed(session: Session): void;
}

export class Session {
  processId = "";
  readonly #context: Context;
  readonly #socket: Socket;
  readonly #handlers: SessionHandlers;
  #queue: ProcessEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #hasLastWord = false;
  #flushing = false;
  #flushedAt = 0;

  constructor(context: Context, socket: Socket, handlers: SessionHandlers) {
    this.#context = context;
    this.#socket = socket;
    this.#handlers = handlers;
    const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on("line", (line) => this.#receive(line));
    // readline hands the socket's errors on as its own, and one that nobody hears would end the server.
    lines.on("error", () => {});
    socket.on("error", (error) => context.log.debug({ error }, "a model process's connection broke"));
    socket.on("close", () => {
      lines.close();
      this.#unschedule();
      handlers.closed(this);
    });
  }

  send(command: Command): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(command)}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    try {
      if (Buffer.byteLength(text) > LINE_BYTES_MAX) throw new Error(`a line of over ${LINE_BYTES_MAX} bytes`);
      const line = ProcessLine.parse(JSON.parse(text));
      if (line.type === "hello") this.#greet(line);
      else if (this.processId === "") throw new Error("an event before hello");
      else if (line.type === "alive") this.#handlers.alive(this.processId);
      else if (line.type === "slots") this.#handlers.slots(this.processId, line);
      else this.#enqueue(line);
    } catch (error) {
      this.#context.log.warn(
        { error, process: this.processId, line: text.slice(0, 300) },
        "a line that breaks the protocol",
      );
      this.close();
    }
  }

  #greet(hello: Hello): void {
    this.processId = hello.process;
    this.#handlers.hello(this, hello).then(
      (welcome) => {
        if (!welcome) this.send({ type: "shutdown" });
      },
      (error) => {
        this.#context.log.error({ error, process: hello.process }, "a model process could not be greeted");
        this.close();
      },
    );
  }

  #enqueue(event: ProcessEvent): void {
    this.#queue.push(event);
    this.#hasLastWord ||= isFinal(event);
    if (this.#queue.length > QUEUE_MAX) this.#socket.pause();
    this.#schedule();
  }

  /** Not in the same turn: what was read together is committed together. */
  #schedule(): void {
    if (this.#flushing || this.#queue.length === 0) return;
    const waitMs = this.#hasLastWord ? 0 : this.#flushedAt + BATCH_MS - performance.now();
    if (waitMs <= 0) this.#immediate ??= setImmediate(() => this.#flush());
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  #unschedule(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = this.#immediate = undefined;
  }

  #flush(): void {
    this.#unschedule();
    this.#flushing = true;
    const batch = this.#queue;
    this.#queue = [];
    this.#hasLastWord = false;
    this.#socket.resume();
    this.#commit(batch)
      .catch((error) => {
        this.#context.log.error({ error, process: this.processId }, "events could not be committed");
        this.close();
      })
      .finally(() => {
        this.#flushing = false;
        this.#flushedAt = performance.now();
        this.#schedule();
      });
  }

  async #commit(batch: ProcessEvent[]): Promise<void> {
    for (const events of byAttempt(batch)) {
      const first = events[0];
      if (first === undefined) continue;
      const holder: Holder = { runId: first.run, attempt: first.attempt, processId: this.processId };
      const final = events.find(isFinal);
      const ordinary = events.filter((event) => !isFinal(event));
      if (!(await this.#commitOrdinary(holder, ordinary))) continue;
      if (final !== undefined) await this.#finish(holder, final);
    }
  }

  /** False when the attempt is over. */
  async #commitOrdinary(holder: Holder, events: ProcessEvent[]): Promise<boolean> {
    if (events.length === 0) return true;
    const seq = await commitEvents(this.#context, holder, events);
    if (seq === undefined) {
      this.#refuse(holder);
      return false;
    }
    this.send({ type: "ack", run: holder.runId, attempt: holder.attempt, seq });
    return true;
  }

  async #finish(holder: Holder, event: FinalEvent): Promise<void> {
    if (await finishAttempt(this.#context, holder, event)) {
      this.send({ type: "ack", run: holder.runId, attempt: holder.attempt, seq: event.seq });
      if (event.type === "lost") this.#handlers.ending(this.processId);
      else this.#handlers.freed(this.processId);
    } else {
      this.#refuse(holder);
    }
  }

  #refuse(holder: Holder): void {
    this.send({ type: "refused", run: holder.runId, attempt: holder.attempt });
    this.#handlers.ending(this.processId);
  }
}

/** Splits a batch by run and attempt, each keeping its order. */
function byAttempt(batch: ProcessEvent[]): ProcessEvent[][] {
  const groups = new Map<string, ProcessEvent[]>();
  for (const event of batch) {
    const key = `${event.run}/${event.attempt}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [event]);
    else group.push(event);
  }
  return [...groups.values()];
}
