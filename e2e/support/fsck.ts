/** `easel fsck` on a data folder, as its own program: what the product itself says of it, beside the checker's own view. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const PROGRAM = fileURLToPath(new URL("../../server/dist/fsck.js", import.meta.url));
const Checked = z.object({ files: z.int().positive(), faults: z.array(z.string()) });

/** A sentence for each thing that is gone or damaged. Throws where the program did not read anything. */
export function fsck(data: string): string[] {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, EASEL_DATA: data };
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM], { env, encoding: "utf8" });
  const last = stdout.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) throw new Error(`fsck said: ${stderr}`);
  return Checked.parse(JSON.parse(last)).faults;
}
