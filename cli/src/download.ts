/** Fetches one large file: gone on with where the connection broke, checked against its hash, and only then there by its name. */
import { createHash, type Hash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { drawBar } from "./bar.ts";
import { CommandFailure } from "./failure.ts";
import { formatBytes, formatDuration } from "./format.ts";
import { terminal } from "./terminal.ts";

/** How often in a row a connection may break before it brought anything. */
const BREAKS_MAX = 5;

export interface Downloaded {
  path: string;
  /** Of the first answer: what the server says of the file. */
  headers: Headers;
}

/**
 * Saves what `ask` answers in `folder`, under the name that the answer gives. `ask` is given the headers of a request for
 * the rest where a connection broke. Throws CommandFailure where the bytes are not those that the server promised.
 */
export async function download(
  ask: (headers: Record<string, string>) => Promise<Response>,
  folder: string,
): Promise<Downloaded> {
  const first = await ask({});
  const path = join(folder, nameOf(first.headers));
  const part = `${path}.part`;
  mkdirSync(folder, { recursive: true });
  const handle = await open(part, "w");
  try {
    const arrived = await receiveAll(first, ask, handle);
    await handle.sync();
    if (arrived.etag !== "" && arrived.etag !== `"${arrived.hash.digest("hex")}"`) throw damaged();
    await rename(part, path);
    return { path, headers: first.headers };
  } finally {
    terminal.live(null);
    await handle.close();
    await rm(part, { force: true });
  }
}

interface Arrived {
  etag: string;
  size: number;
  done: number;
  hash: Hash;
}

async function receiveAll(
  first: Response,
  ask: (headers: Record<string, string>) => Promise<Response>,
  handle: FileHandle,
): Promise<Arrived> {
  const size = Number(first.headers.get("content-length"));
  const arrived = { etag: first.headers.get("etag") ?? "", size, done: 0, hash: createHash("sha256") };
  const show = makeBar(size);
  let breaks = 0;
  for (let response = first; ; response = await ask({ Range: `bytes=${arrived.done}-`, "If-Range": arrived.etag })) {
    if (arrived.done > 0 && response.status !== 206) throw changed();
    const before = arrived.done;
    const broken = await receive(response, handle, arrived, show).catch((error: unknown) => error);
    if (arrived.done === size) return arrived;
    breaks = arrived.done > before ? 1 : breaks + 1;
    // Without a name for the bytes, the rest might be that of something else.
    if (breaks > BREAKS_MAX || arrived.etag === "") throw cut(arrived, broken);
  }
}

async function receive(
  response: Response,
  handle: FileHandle,
  arrived: Arrived,
  show: (done: number) => void,
): Promise<void> {
  for await (const chunk of response.body ?? []) {
    await handle.appendFile(chunk);
    arrived.hash.update(chunk);
    arrived.done += chunk.length;
    show(arrived.done);
  }
}

/** A line with bytes and the time that is left, by the pace so far; at most ten times a second. */
function makeBar(size: number): (done: number) => void {
  const started = performance.now();
  let shownAt = 0;
  return (done) => {
    const now = performance.now();
    if (now - shownAt < 100) return;
    shownAt = now;
    const left = ((now - started) / 1000) * (size / done - 1);
    terminal.live(
      `${drawBar(done / size, terminal)}  ${formatBytes(done)} of ${formatBytes(size)}, ${formatDuration(left)} left`,
    );
  };
}

/** The last part of the name that the server gives, so that it cannot lead out of the folder. */
function nameOf(headers: Headers): string {
  const [, name = ""] = /filename\*=UTF-8''([^;]+)/.exec(headers.get("content-disposition") ?? "") ?? [];
  const last = decodeURIComponent(name).split(/[/\\]/).at(-1) ?? "";
  return ["", ".", ".."].includes(last) ? "weights" : last;
}

function cut({ done, size }: Arrived, error: unknown): CommandFailure {
  const reason = error instanceof Error ? ` (${error.message})` : "";
  const detail = `The connection broke after ${formatBytes(done)} of ${formatBytes(size)}${reason}.`;
  return new CommandFailure(detail, "Try again.");
}

function changed(): CommandFailure {
  return new CommandFailure("The file changed on the server while it was fetched.", "Try again.");
}

function damaged(): CommandFailure {
  return new CommandFailure("What arrived is not what the server has: its hash differs.", "Try again.");
}
