/** Saves what a prediction gave: files to a folder, anything else to stdout. */
import { createWriteStream, mkdirSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client, Prediction } from "@easel/contract";
import { CommandFailure } from "./failure.ts";
import { terminal } from "./terminal.ts";

const EXTENSIONS: Record<string, string> = {
  "image/png": ".png",
  "image/jpeg": ".jpg",
  "image/webp": ".webp",
  "text/plain": ".txt",
  "application/json": ".json",
  "application/x-tar": ".tar",
};

/** Saves each file of the output in `folder`, and prints a path a line; values that are no files are printed. */
export async function saveOutputs(client: Client, prediction: Prediction, folder: string): Promise<void> {
  const outputs = Array.isArray(prediction.output) ? prediction.output : [prediction.output];
  const [, modelName = "output"] = prediction.model.split("/");
  mkdirSync(folder, { recursive: true });
  for (const [index, output] of outputs.entries()) {
    if (typeof output !== "string" || !/^(https?:|data:)/.test(output)) {
      terminal.data(typeof output === "string" ? output : JSON.stringify(output));
      continue;
    }
    const stem = `${modelName}-${prediction.id.slice(0, 8)}-${index}`;
    terminal.data(await save(client, output, folder, stem));
  }
}

/** Writes beside the place and renames, so that a file that is there is whole. */
async function save(client: Client, url: string, folder: string, stem: string): Promise<string> {
  const response = await client.download(url);
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  const named = url.startsWith("data:") ? "" : extname(new URL(url).pathname);
  const path = join(folder, stem + (named || EXTENSIONS[type] || ".bin"));
  if (response.body === null) throw new CommandFailure(`The server sent nothing for ${url}.`, "Try again.");
  const part = `${path}.part`;
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(part));
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
  return path;
}
