/** `easel gc` and `easel fsck`: what the data folder holds for nothing, and whether all that it should hold is there. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { defineCommand } from "citty";
import { z } from "zod";
import { requireCheckout } from "../base-files.ts";
import { CommandFailure, EXIT } from "../failure.ts";
import { formatBytes, formatTable } from "../format.ts";
import { connect, readSettings } from "../settings.ts";
import { terminal } from "../terminal.ts";

const json = { type: "boolean", description: "print JSON" } as const;

export const gc = defineCommand({
  meta: { name: "gc", description: "Frees the space of what nothing needs any more and is older than a day." },
  args: { "dry-run": { type: "boolean", description: "only say what would be freed" }, json },
  async run({ args }) {
    const report = await connect().collectGarbage(args["dry-run"] ?? false);
    if (args.json) return terminal.data(JSON.stringify(report, null, 2));
    const rows = report.results.map(({ what, count, bytes }) => [formatBytes(bytes), String(count), what]);
    terminal.data(formatTable([["BYTES", "COUNT", "WHAT"], ...rows]));
    terminal.words(`${formatBytes(report.bytes)} ${report.dry_run ? "would be freed" : "freed"}.`);
  },
});

const Checked = z.object({
  files: z.number(),
  bytes: z.number(),
  faults: z.array(z.string()),
  unnamed: z.object({ count: z.number(), bytes: z.number() }),
});

export const fsck = defineCommand({
  meta: { name: "fsck", description: "Reads the whole data folder and says what of it is gone or damaged." },
  args: { json },
  async run({ args }) {
    const checked = await check();
    terminal.live(null);
    if (args.json) terminal.data(JSON.stringify(checked, null, 2));
    for (const fault of checked.faults) terminal.problem(fault);
    const { files, bytes, faults, unnamed } = checked;
    terminal.words(`Files read: ${files}, with ${formatBytes(bytes)}. Gone or damaged: ${faults.length}.`);
    if (unnamed.count > 0)
      terminal.words(`Nothing names ${unnamed.count} more, ${formatBytes(unnamed.bytes)}: easel gc`);
    return faults.length === 0 ? EXIT.ok : EXIT.error;
  },
});

/** The check is the server's, which runs or not: it reads the folder beside it. */
async function check(): Promise<z.infer<typeof Checked>> {
  const env = { ...process.env, EASEL_DATA: readSettings().dataFolder };
  const child = spawn(process.execPath, [join(requireCheckout(), "server/dist/fsck.js")], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    terminal.live(`${lines.length * 20} files read`);
  });
  await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  const checked = Checked.safeParse(JSON.parse(lines.at(-1) ?? "null"));
  if (checked.success) return checked.data;
  throw new CommandFailure(said.trim() || "The check ended without a word.");
}
