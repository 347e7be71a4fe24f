/** Copies a picture out of an archive, to where it can be decoded. Knows a picture by its first bytes only. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { writeAll } from "../files/durable.ts";
import type { ArchiveEntry, Skip } from "./entry.ts";
import { adviseOnContent, describeContent, HEAD_BYTES, type ImageFormat, imageFormat } from "./sniff.ts";

/** What was copied (`size` in bytes, `checksum` is CRC-32), or why it was not. */
export type Copied = ({ format: ImageFormat } & Measure) | Skip;

export interface Measure {
  size: number;
  sha256: string;
  checksum: number;
}

/** Makes a new file at `path`; of what is no picture, no more is read than shows that, and no file is made. */
export async function copyPicture(entry: ArchiveEntry, path: string): Promise<Copied> {
  const chunks = entry.read()[Symbol.asyncIterator]();
  try {
    const head = await readHead(chunks);
    const format = imageFormat(head);
    if (format === undefined) return { reason: describeContent(head), fix: adviseOnContent(head) };
    return { format, ...(await copy(head, chunks, path)) };
  } finally {
    await chunks.return?.();
  }
}

async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < HEAD_BYTES) {
    const { done, value } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function copy(head: Buffer, rest: AsyncIterator<Uint8Array>, path: string): Promise<Measure> {
  const hash = createHash("sha256");
  let size = 0;
  let checksum = 0;
  const handle = await open(path, "wx");
  try {
    for (let chunk: Uint8Array = head; ; ) {
      size += chunk.length;
      hash.update(chunk);
      checksum = crc32(chunk, checksum);
      await writeAll(handle, chunk);
      const next = await rest.next();
      if (next.done) return { size, sha256: hash.digest("hex"), checksum };
      chunk = next.value;
    }
  } finally {
    await handle.close();
  }
}
