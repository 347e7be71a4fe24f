/** Sends files to the server, with a bar while they go. */
import { accessSync, constants, createReadStream, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { type Client, replaceAt } from "@easel/contract";
import { drawBar } from "./bar.ts";
import { UsageError } from "./failure.ts";
import { formatBytes } from "./format.ts";
import type { Inputs } from "./inputs.ts";
import { terminal } from "./terminal.ts";

const CONTENT_TYPES: Record<string, string> = {
  ".zip": "application/zip",
  ".tar": "application/x-tar",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".json": "application/json",
};

/** Sends the files among `inputs` and answers the run's input, in which each stands by its URL. */
export async function sendFiles(client: Client, inputs: Inputs) {
  let values = inputs.values;
  for (const { place, path } of inputs.files) values = replaceAt(values, place, await sendFile(client, path));
  return values;
}

/** Sends one file and answers its URL on the server. */
export async function sendFile(client: Client, path: string): Promise<string> {
  const stat = statSync(path);
  if (!stat.isFile()) throw new UsageError(`"${path}" is not a file.`, "Send images as one zip or tar.");
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new UsageError(`"${path}" cannot be read.`, "Look at its permissions.");
  }
  const name = basename(path);
  const contentType = CONTENT_TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
  const content = countBytes(createReadStream(path), (sent) => {
    const text = `${formatBytes(sent)} of ${formatBytes(stat.size)}`;
    terminal.live(`Sending ${name}  ${drawBar(sent / stat.size, terminal)}  ${text}`);
  });
  try {
    const file = await client.files.create({ name, contentType, content, size: stat.size });
    return file.urls.get;
  } finally {
    terminal.live(null);
  }
}

async function* countBytes(content: AsyncIterable<Uint8Array>, onSent: (bytes: number) => void) {
  let sent = 0;
  for await (const chunk of content) {
    yield chunk;
    sent += chunk.length;
    onSent(sent);
  }
}
