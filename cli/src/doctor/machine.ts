/** Node, memory, and the disk of the data folder. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { formatBytes } from "../format.ts";
import type { Finding } from "./finding.ts";

const GB = 1e9;

export function checkMachine(dataFolder: string): Finding[] {
  return [checkNode(process.versions.node), checkMemory(availableMemory(), totalmem()), checkDisk(dataFolder)];
}

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 20)) return { check: "Node", status: "ok", detail: version };
  return {
    check: "Node",
    status: "fail",
    detail: `${version} is too old`,
    fix: "Install Node 22 from https://nodejs.org",
  };
}

/** The emoji base trains in about 2 GB. */
export function checkMemory(available: number, total: number): Finding {
  const detail = `${formatBytes(available)} of ${formatBytes(total)} are free`;
  if (available >= 3 * GB) return { check: "memory", status: "ok", detail };
  const fix = "A training on the CPU takes about 2 GB: close what you do not need, or add swap.";
  return { check: "memory", status: available >= 2 * GB ? "warn" : "fail", detail, fix };
}

/** Linux counts as free what its file cache would give back; `freemem` does not. */
function availableMemory(): number {
  try {
    const [, kilobytes] = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    return freemem();
  }
}

function checkDisk(dataFolder: string): Finding {
  let folder = dataFolder;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const detail = `${formatBytes(bavail * bsize)} are free for ${dataFolder}`;
  const fix = "Make room, or name a folder on another disk in EASEL_DATA.";
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return {
      check: "disk",
      status: "fail",
      detail: `${folder} cannot be written`,
      fix: "Name another folder in EASEL_DATA.",
    };
  }
  if (bavail * bsize >= 10 * GB) return { check: "disk", status: "ok", detail };
  return { check: "disk", status: bavail * bsize >= GB ? "warn" : "fail", detail, fix };
}
