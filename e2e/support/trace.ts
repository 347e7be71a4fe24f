/** What a process and its children ask of the kernel, in order, as strace saw it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const CALLS = "fsync,fdatasync,rename,renameat,renameat2,write,writev,pwrite64,sendto,sendmsg";

export interface Call {
  name: string;
  /** Its arguments as strace writes them; descriptors with their paths. */
  text: string;
  /** Lines of the trace: a call that begins after another one's end was made in its knowledge. */
  began: number;
  ended: number;
}

/** Undefined where strace works; the reason otherwise. */
export function whyNoTrace(): string | undefined {
  try {
    execFileSync("strace", ["-qq", "-o", "/dev/null", "true"], { stdio: ["ignore", "ignore", "pipe"] });
    return undefined;
  } catch (error) {
    return `needs strace (${error instanceof Error ? error.message.split("\n")[0] : error})`;
  }
}

/** What to run a program under, so that its calls are written to `path`. The program keeps its pid. */
export function tracing(path: string): string[] {
  return ["strace", "-D", "-f", "-qq", "-y", "-s", "80", "-o", path, "-e", `trace=${CALLS}`];
}

export function readCalls(path: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, Call>();
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((line, index) => {
      const [, pid = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
      const resumed = open.get(pid);
      if (rest.startsWith("<... ") && resumed !== undefined) {
        resumed.ended = index;
        open.delete(pid);
      }
      const [, name, text = ""] = /^(\w+)\((.*)$/.exec(rest) ?? [];
      if (name === undefined) return;
      const unfinished = text.endsWith("<unfinished ...>");
      const call = { name, text, began: index, ended: unfinished ? Number.POSITIVE_INFINITY : index };
      if (unfinished) open.set(pid, call);
      calls.push(call);
    });
  return calls;
}

/**
 * Walks through the calls, and finds for each step the first one that began after the one before had ended.
 * Gives the first step that is not found, or undefined.
 */
export function missingStep(calls: Call[], steps: Record<string, (call: Call) => boolean>): string | undefined {
  let after = -1;
  for (const [step, fits] of Object.entries(steps)) {
    const found = calls.find((call) => call.began > after && fits(call));
    if (found === undefined) return step;
    after = found.ended;
  }
  return undefined;
}
