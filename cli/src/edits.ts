/** Reads a file of edits, and sends the masks that it names. What the edits mean is the server's and the model's to judge. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Client, RunInput } from "@easel/contract";
import { z } from "zod";
import { UsageError } from "./failure.ts";
import { sendFile } from "./upload.ts";

const Edits = z.record(z.string(), z.record(z.string(), z.json()));

/** The edits as a run's input. Masks are paths from the file's own folder, or URLs, which stay. Throws UsageError. */
export async function sendEdits(client: Client, path: string): Promise<RunInput> {
  const edits = readEdits(path);
  for (const edit of Object.values(edits)) {
    if (typeof edit.mask !== "string" || URL.canParse(edit.mask)) continue;
    const mask = resolve(dirname(path), edit.mask);
    if (!existsSync(mask))
      throw new UsageError(
        `There is no file "${edit.mask}", which ${path} names as a mask.`,
        "Give its path from where that file stands.",
      );
    edit.mask = await sendFile(client, mask);
  }
  return edits;
}

function readEdits(path: string): z.infer<typeof Edits> {
  const way =
    'It is a JSON object such as {"<sha256>": {"crop": [0, 0, 512]}}; `easel check --json` shows each sha256.';
  if (!existsSync(path)) throw new UsageError(`There is no file "${path}".`, way);
  try {
    return Edits.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    throw new UsageError(`"${path}" holds no edits.`, way);
  }
}
