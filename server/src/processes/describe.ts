/** Asks Python what a model's functions take and give, in a process of its own that ends with the answer. */
import { execFile } from "node:child_process";
import { z } from "zod";
import type { Context } from "../context.ts";
import { unprocessable } from "../errors.ts";
import { pythonFor } from "./environment.ts";

/** A module that loads a framework takes its time to be imported, on a cold disk most of all. */
const MS_MAX = 300_000;
const STDOUT_BYTES_MAX = 4_000_000;
const WORDS_MAX = 1000;

const Description = z.object({ schema: z.record(z.string(), z.json()), needs: z.enum(["cpu", "gpu"]) });
export type Description = z.infer<typeof Description>;

/** Throws 422 with what is wrong in the folder, by file and line. */
export async function describeProgram(context: Context, program: string): Promise<Description> {
  const { model, cwd, env } = pythonFor(context, program);
  const args = ["-m", "runner", "describe", "--model", model];
  const options = { cwd, env, timeout: MS_MAX, maxBuffer: STDOUT_BYTES_MAX, signal: context.stopping };
  const { failed, stdout, stderr } = await new Promise<{ failed: boolean; stdout: string; stderr: string }>((resolve) =>
    execFile(context.config.python, args, options, (error, stdout, stderr) =>
      resolve({ failed: error !== null, stdout, stderr }),
    ),
  );
  if (!failed) return Description.parse(JSON.parse(stdout));
  // Its last line is the sentence; before it stands what modules said while they were imported.
  const words = stderr.trim().split("\n").at(-1)?.slice(0, WORDS_MAX) || "Python ended without a word";
  throw unprocessable("Not a model that can run", `${words}. Mend it, and add the folder again.`.replace("..", "."));
}
