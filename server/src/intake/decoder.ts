/**
 * Decodes pictures in a child process: one picture at a time in the whole server, so that four uploads together take no
 * more memory than one. The child is started at the first picture, again after it died, and ended when it is not needed.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The child is not compiled: it stands among the sources, beside this file's own. */
const CHILD = fileURLToPath(new URL("../../src/intake/decode.mjs", import.meta.url));
const DECODE_MS_MAX = 10_000;
const IDLE_MS = 10_000;

const Reply = z.union([z.object({ width: z.int(), height: z.int() }), z.object({ fault: z.string() })]);

let child: ChildProcess | undefined;
let turns: Promise<unknown> = Promise.resolve();
let idle: NodeJS.Timeout | undefined;

/** The size in pixels of a picture that decodes from beginning to end, or undefined: it is damaged, or too much. */
export function measurePicture(path: string): Promise<{ width: number; height: number } | undefined> {
  const turn = turns.then(() => measure(path));
  turns = turn;
  return turn;
}

async function measure(path: string): Promise<{ width: number; height: number } | undefined> {
  clearTimeout(idle);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), DECODE_MS_MAX);
  try {
    const decoder = startChild();
    const answered = once(decoder, "message", { signal: over.signal });
    const died = once(decoder, "exit", { signal: over.signal }).then(() => {
      throw new Error("the decoder died");
    });
    died.catch(() => {}); // whichever comes second is called off below
    decoder.send(path, () => {}); // a child that is gone is noticed by its exit
    const reply = Reply.parse((await Promise.race([answered, died]))[0]);
    return "fault" in reply ? undefined : reply;
  } catch {
    stopChild();
    return undefined;
  } finally {
    clearTimeout(timer);
    over.abort();
    idle = setTimeout(stopChild, IDLE_MS).unref();
  }
}

function startChild(): ChildProcess {
  if (child?.connected) return child;
  child = fork(CHILD, { stdio: ["ignore", "ignore", "ignore", "ipc"], execArgv: [], env: { MALLOC_ARENA_MAX: "2" } });
  child.on("error", () => {}); // noticed by whoever waits for an answer
  child.unref();
  child.channel?.unref();
  return child;
}

function stopChild(): void {
  child?.kill("SIGKILL");
  child = undefined;
}
