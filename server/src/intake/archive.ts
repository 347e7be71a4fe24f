/**
 * A user's archive, read once: told by its content, checked, and written as a canonical archive that is kept by its hash.
 * The same archive is not read twice. Knows nothing of runs.
 */
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../context.ts";
import { writeDurably } from "../files/durable.ts";
import { writeCanonical } from "./canonical.ts";
import type { ArchiveEntry } from "./entry.ts";
import { CanonicalArchive } from "./manifest.ts";
import { refuse } from "./refusal.ts";
import { archiveFormat, describeContent, HEAD_BYTES } from "./sniff.ts";
import { readTar } from "./tar.ts";
import { readZip } from "./zip.ts";

/** Goes up when the same archive would give another result; what was kept before is then made anew. */
const INTAKE_VERSION = 2;

/** Reads the archive kept as this blob. Throws ArchiveRefused when it is refused whole. */
export async function readArchive(
  context: Pick<Context, "blobs" | "config">,
  sha256: string,
): Promise<CanonicalArchive> {
  const folder = join(context.config.dataFolder, "intake");
  const note = join(folder, `${sha256}-${INTAKE_VERSION}.json`);
  const kept = await findKept(context, note);
  if (kept !== undefined) return kept;
  const path = context.blobs.path(sha256);
  const canonical = await writeCanonical(context.blobs, await openArchive(path));
  await mkdir(folder, { recursive: true });
  await writeDurably(note, JSON.stringify(canonical));
  return canonical;
}

async function findKept(context: Pick<Context, "blobs">, note: string): Promise<CanonicalArchive | undefined> {
  const text = await readFile(note, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const kept = CanonicalArchive.parse(JSON.parse(text));
  return (await context.blobs.keep(kept.sha256)) ? kept : undefined;
}

async function openArchive(path: string): Promise<AsyncIterable<ArchiveEntry>> {
  const { size } = await stat(path);
  const head = await readHead(path);
  const format = archiveFormat(head);
  switch (format) {
    case "zip":
      return readZip(path, size);
    case "tar":
    case "gzip":
      return readTar(path, size, format === "gzip");
    case undefined:
      throw refuse(`${whatItIs(head)} an archive that can be read. Make a zip or a tar of the pictures.`);
  }
}

function whatItIs(head: Buffer): string {
  const content = describeContent(head);
  return content === "no picture" ? "That is not" : `That is ${content}, not`;
}

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
