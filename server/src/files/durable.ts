/**
 * Writing so that what was acknowledged survives a power cut: bytes, fsync, rename, fsync of the folder.
 * Anything less was measured to lose the file, the old one included. Knows nothing of what is written.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Puts `data` at `path`, whole or not at all, replacing what was there. */
export async function writeDurably(path: string, data: string | Uint8Array): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString("hex")}.partial`;
  try {
    const handle = await open(partial, "wx");
    try {
      await writeAll(handle, typeof data === "string" ? Buffer.from(data) : data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameDurably(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Renames a file whose bytes are already on the disk, and waits until the new name is there too. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncPath(dirname(to));
}

/** Writes every byte at the handle's position: a single write may take only part of them, without an error. */
export async function writeAll(handle: FileHandle, data: Uint8Array): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await handle.write(data, done, data.length - done);
    done += bytesWritten;
  }
}

/** Makes a folder, and what is missing above it, so that it is still there after a power cut. */
export async function makeFolderDurably(path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true });
  if (firstMade === undefined) return;
  for (let folder = dirname(path); folder.length >= dirname(firstMade).length; folder = dirname(folder)) {
    await syncPath(folder);
    if (folder === dirname(folder)) break;
  }
}

/** Waits until a file's bytes, or the names in a folder, are on the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
