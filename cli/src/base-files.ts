/** Runs `python -m models.sdxl.obtain` in the checkout, which gets bases and adds them, and hands on what it says. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CHECKOUT } from "./doctor/checkout.ts";
import { CommandFailure } from "./failure.ts";
import { readSettings } from "./settings.ts";

/** The folder of Easel's own files. Throws where this program was installed without them. */
export function requireCheckout(): string {
  if (CHECKOUT !== undefined && existsSync(join(CHECKOUT, ".venv/bin/python"))) return CHECKOUT;
  throw new CommandFailure(
    "Bases are got and added on the server's machine, by the checkout of Easel that runs there.",
    "Run the command there, after `npm run setup`.",
  );
}

/** Calls `onLine` with each line of JSON, and answers "left" where the user pressed Ctrl-C. Throws with its sentence. */
export async function runObtain(words: string[], onLine: (line: unknown) => void): Promise<"done" | "left"> {
  const checkout = requireCheckout();
  const bases = join(readSettings().dataFolder, "bases");
  const child = spawn(join(checkout, ".venv/bin/python"), ["-m", "models.sdxl.obtain", "--bases", bases, ...words], {
    cwd: checkout,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // At a terminal Ctrl-C reaches the child by itself; it keeps what has come and ends.
  const leave = () => child.kill("SIGINT");
  process.on("SIGINT", leave);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("{")) onLine(JSON.parse(line));
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  process.off("SIGINT", leave);
  if (code === 0) return "done";
  if (code === 130) return "left";
  throw new CommandFailure(said.trim().split("\n").at(-1) || `The command ended with ${code}.`);
}
