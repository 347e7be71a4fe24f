/** Starts a model process that outlives the server: in a session of its own, with files for its output and no pipe to us. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { type Context, timestamp } from "../context.ts";
import { newInternalId } from "../ids.ts";
import { baseFolder } from "../models/bases.ts";
import { pythonFor } from "./environment.ts";
import { birthOf } from "./identity.ts";
import { PROCESS_MARK } from "./orphans.ts";
import { insertProcess, updateProcessIdentity } from "./store.ts";

/**
 * Starts it and notes who it is. It dials `socketPath` when it is ready for work. Calls `onExit` when it ends while
 * we live. What it starts in its turn carries its id too, by which `endOrphans` finds it.
 */
export async function startProcess(
  context: Context,
  wanted: { program: string; base: string | null; whole: string | null; device: string },
  socketPath: string,
  onExit: (id: string, signal: NodeJS.Signals | null) => void,
): Promise<string> {
  const id = newInternalId();
  const folder = join(context.config.dataFolder, "processes", id);
  mkdirSync(folder, { recursive: true });
  await insertProcess(context.db, { id, ...wanted, at: timestamp(context) });
  const base = wanted.base === null ? [] : ["--base", baseFolder(context.config, wanted.base)];
  const { model, cwd, env } = pythonFor(context, wanted.program);
  const out = openSync(join(folder, "stdout"), "a");
  const err = openSync(join(folder, "stderr"), "a");
  const child = spawn(
    context.config.python,
    [
      "-m",
      "runner",
      "--model",
      model,
      ...base,
      "--server",
      socketPath,
      "--process",
      id,
      "--device",
      wanted.device,
      "--folder",
      folder,
      "--hang-seconds",
      String(context.config.hangSeconds),
    ],
    { cwd, detached: true, stdio: ["ignore", out, err], env: { ...env, [PROCESS_MARK]: id } },
  );
  closeSync(out);
  closeSync(err);
  child.on("exit", (_code, signal) => onExit(id, signal));
  child.on("error", (error) => {
    context.log.error({ error, process: id }, "a model process could not be started");
    onExit(id, null);
  });
  child.unref();
  if (child.pid !== undefined) await updateProcessIdentity(context.db, id, child.pid, birthOf(child.pid));
  return id;
}
