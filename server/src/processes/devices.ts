/** What this machine can run models on: its GPUs, as the driver names them, and its CPU. */
import { execFile } from "node:child_process";
import { totalmem } from "node:os";
import { promisify } from "node:util";

export interface Device {
  /** As torch names it: `cpu`, `cuda:0`. */
  name: string;
  kind: "cpu" | "gpu";
  label: string;
  memoryBytes: number;
  /** How many model processes may stand on it at once. */
  processesMax: number;
}

const NVIDIA_SMI = ["--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"];

/** Asks the driver once; a machine without one has a CPU. */
export async function findDevices(): Promise<Device[]> {
  // Two on the CPU: one may train while the other draws.
  const cpu: Device = { name: "cpu", kind: "cpu", label: "CPU", memoryBytes: totalmem(), processesMax: 2 };
  try {
    const { stdout } = await promisify(execFile)("nvidia-smi", NVIDIA_SMI, { timeout: 5000 });
    const gpus = stdout.trim().split("\n").flatMap(parseGpu);
    return [...gpus, cpu];
  } catch {
    return [cpu];
  }
}

function parseGpu(line: string): Device[] {
  const [index, label, mebibytes] = line.split(",").map((field) => field.trim());
  if (index === undefined || label === undefined || mebibytes === undefined) return [];
  const memoryBytes = Number(mebibytes) * 1024 * 1024;
  return [{ name: `cuda:${index}`, kind: "gpu", label, memoryBytes, processesMax: 1 }];
}
