/** Where ComfyUI and A1111 look for what was exported: which program a folder is of, and where in it a file goes. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { UsageError } from "./failure.ts";

interface Program {
  /** What says that a folder is of this program. */
  sign: string;
  lora: string;
  checkpoint: string;
  embedding: string;
}

const PROGRAMS: Program[] = [
  { sign: "comfy", lora: "models/loras", checkpoint: "models/checkpoints", embedding: "models/embeddings" },
  { sign: "webui.py", lora: "models/Lora", checkpoint: "models/Stable-diffusion", embedding: "embeddings" },
];

/** Throws UsageError where the folder is of neither program. */
export function findProgram(folder: string): Program {
  const program = PROGRAMS.find(({ sign }) => existsSync(join(folder, sign)));
  if (program !== undefined) return program;
  throw new UsageError(
    `${folder} is the folder of neither ComfyUI nor A1111: it holds neither comfy/ nor webui.py.`,
    "Name the folder that the program was cloned into, or use --output for any other.",
  );
}

/** Where a file of the export goes; undefined for what the program does not read, such as a README. */
export function placeOf(file: string, program: Program, format: "kohya" | "checkpoint"): string | undefined {
  if (!file.endsWith(".safetensors")) return undefined;
  if (/(^|[/\\])embeddings[/\\][^/\\]+$/.test(file)) return join(program.embedding, basename(file));
  return join(format === "kohya" ? program.lora : program.checkpoint, basename(file));
}
