/** Decodes pictures in a child process, started at the first picture and again after it died. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The child is not compiled: it stands among the sources, next to this file's own. */
const CHILD = fileURLToPath(new URL("../../src/intake/decode.mjs", import.meta.url));
const DECODE_MS_MAX = 10_000;

const Reply = z.union([z.object({ width: z.int(), height: z.int() }), z.object({ fault: z.string() })]);

export class Decoder {
  #child: ChildProcess | undefined;

  /** The size in pixels of a picture that decodes from beginning to end, or undefined: it is damaged, or too much. */
  async measure(path: string): Promise<{ width: number; height: number } | undefined> {
    const child = this.#start();
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), DECODE_MS_MAX);
    try {
      const answered = once(child, "message", { signal: over.signal });
      const died = once(child, "exit", { signal: over.signal }).then(() => [{ fault: "the decoder died" }]);
      died.catch(() => {}); // whichever comes second is called off below
      child.send(path, () => {});
      const reply = Reply.parse((await Promise.race([answered, died]))[0]);
      return "fault" in reply ? undefined : reply;
    } catch {
      this.stop();
      return undefined;
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #start(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    this.#child = fork(CHILD, {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: [],
      env: { MALLOC_ARENA_MAX: "2" },
    });
    return this.#child;
  }
}
