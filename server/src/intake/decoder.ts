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
const DECODE_MS_MAX = 20_000;
const IDLE_MS = 10_000;

const Fault = z.object({ fault: z.string() });
const Measured = z.object({
  /** Pixels of the upright picture, or of the smaller copy. */
  width: z.int(),
  height: z.int(),
  animated: z.boolean(),
  seeThrough: z.boolean(),
  /** The look of the picture, 64 bits in hexadecimal. */
  bits: z.string(),
  /** A copy was made because of its size: its format, and the megapixels that it is made of. */
  smaller: z.enum(["jpeg", "png"]).optional(),
  megapixels: z.int().optional(),
});
export type Measured = z.infer<typeof Measured>;
const Drawn = z.object({ width: z.int(), height: z.int() });

let child: ChildProcess | undefined;
let turns: Promise<unknown> = Promise.resolve();
let idle: NodeJS.Timeout | undefined;

/** Reads a picture from beginning to end; of a huge one a smaller copy is written to `smaller`. A string says why not. */
export function measurePicture(path: string, smaller: string): Promise<Measured | "damaged" | "too large"> {
  return inTurn(async () => {
    const reply = await ask({ path, smaller }, Measured);
    if (reply === undefined) return "damaged";
    if ("fault" in reply) return /pixel limit/.test(reply.fault) ? "too large" : "damaged";
    return reply;
  });
}

/** Writes a WebP, upright and no larger than `side` pixels each way, to `thumbnail`. Undefined when it cannot be decoded. */
export function drawThumbnail(
  path: string,
  thumbnail: string,
  side: number,
): Promise<{ width: number; height: number } | undefined> {
  return inTurn(async () => {
    const reply = await ask({ path, thumbnail, side }, Drawn);
    return reply === undefined || "fault" in reply ? undefined : reply;
  });
}

function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const turn = turns.then(work);
  turns = turn;
  return turn;
}

/** The child's answer, or undefined when it died or took too long. */
async function ask<Answer extends z.ZodType>(
  task: Record<string, string | number>,
  answer: Answer,
): Promise<z.infer<Answer> | z.infer<typeof Fault> | undefined> {
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
    decoder.send(task, () => {}); // a child that is gone is noticed by its exit
    return z.union([Fault, answer]).parse((await Promise.race([answered, died]))[0]);
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
