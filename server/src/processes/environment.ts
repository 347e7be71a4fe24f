/** What a model's Python is started with: where it stands, and what it may know of the server's settings. */
import { join } from "node:path";
import { ROOT } from "../config.ts";
import type { Context } from "../context.ts";
import { basesFolder, refinerSource, sdxlSource } from "../models/bases.ts";
import { isOwnProgram, ownFolder } from "../models/own.ts";

/** These of our settings and nothing else: no token, no address of the database. */
const ENVIRONMENT = [
  /^(PATH|HOME|USER|LANG|LC_.*|TMPDIR|TZ)$/,
  /^(HF_.*|CUDA_.*|NVIDIA_.*|LD_LIBRARY_PATH|PYTORCH_.*|TORCH_.*)$/,
  /^(OMP_.*|MKL_NUM_THREADS)$/,
];

/**
 * Where `program` is found, and how to start Python for it: ours in the checkout, somebody's own in its folder, as Cog's
 * models expect it, and without leaving anything there.
 */
export function pythonFor(
  context: Pick<Context, "config">,
  program: string,
): { model: string; cwd: string; env: NodeJS.ProcessEnv } {
  const { dataFolder } = context.config;
  const allowed = Object.entries(process.env).filter(([name]) => ENVIRONMENT.some((pattern) => pattern.test(name)));
  const sdxl = sdxlSource(context.config);
  const refiner = refinerSource(context.config);
  const env = {
    ...Object.fromEntries(allowed),
    ...(sdxl === undefined ? {} : { EASEL_SDXL_BASE: sdxl }),
    ...(refiner === undefined ? {} : { EASEL_SDXL_REFINER: refiner }),
    EASEL_BASES: basesFolder(context.config),
    EASEL_CACHE: process.env.EASEL_CACHE ?? join(dataFolder, "cache"),
    PYTHONUNBUFFERED: "1",
    PYTHONFAULTHANDLER: "1",
  };
  if (!isOwnProgram(program)) return { model: program, cwd: ROOT, env };
  const model = ownFolder(context, program);
  return { model, cwd: model, env: { ...env, PYTHONPATH: ROOT, PYTHONDONTWRITEBYTECODE: "1" } };
}
