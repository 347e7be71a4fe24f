/** How much memory a process takes, as the kernel counts it. */
import { readFileSync } from "node:fs";

/** The most that it ever held; undefined where there is no /proc, or no such process. */
export function peakMemoryBytes(pid: number | null): number | undefined {
  if (pid === null) return undefined;
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
