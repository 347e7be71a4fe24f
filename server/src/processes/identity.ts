/** Tells whether a process that was started once still lives, never by its pid alone: pids are given again. */
import { readFileSync } from "node:fs";

/** When the process was born, as the kernel counts it; null where there is no /proc, or no such process. */
export function birthOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold spaces and brackets; the fields after the last one are counted from 3 (see proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === "Z" || startTicks === undefined) return null;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${startTicks}`;
  } catch {
    return null;
  }
}

export function isAlive(process: { pid: number | null; birth: string | null }): boolean {
  if (process.pid === null) return false;
  if (process.birth !== null) return birthOf(process.pid) === process.birth;
  return signal(process.pid, 0);
}

/** Sends a signal to a process and everything it has started; false when it is gone. */
export function signalGroup(process: { pid: number | null; birth: string | null }, name: NodeJS.Signals): boolean {
  if (process.pid === null || !isAlive(process)) return false;
  return signal(-process.pid, name) || signal(process.pid, name);
}

/** Sends a signal to a process alone; false when it is gone. */
export function signalAlone(process: { pid: number | null; birth: string | null }, name: NodeJS.Signals): boolean {
  return process.pid !== null && isAlive(process) && signal(process.pid, name);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
