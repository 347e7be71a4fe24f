/** What a model process has started and left behind: it holds memory, and perhaps a GPU, that the next one needs. */
import { readdirSync, readFileSync } from "node:fs";

/** In the environment of a model process and of all that it starts, whatever group or session that moves to. */
export const PROCESS_MARK = "EASEL_PROCESS";

/** Ends everything that bears the mark of a process. Nothing where there is no /proc. */
export function endOrphans(processId: string): void {
  const mark = `${PROCESS_MARK}=${processId}`;
  for (const name of listFolder("/proc")) {
    if (/^\d+$/.test(name) && environmentOf(name).includes(mark)) kill(Number(name));
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Nothing for one that is gone, or someone else's. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself just now.
  }
}
