/**
 * Zips that end in zeros: bsdtar fills what it writes to a pipe up to whole blocks, as tapes wanted it. yauzl expects the
 * end of the table of contents at the end of the file, so it is shown the file without the zeros.
 */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { RandomAccessReader } from "yauzl";

const END_SIGNATURE = Buffer.from("PK\x05\x06", "latin1");
const END_BYTES = 22;
const PADDING_BYTES_MAX = 65_536;

/** Bytes of the zip without the zeros behind its table of contents; `sizeBytes` where there are none. */
export async function sizeWithoutPadding(path: string, sizeBytes: number): Promise<number> {
  const handle = await open(path, "r");
  try {
    const tail = Buffer.alloc(Math.min(sizeBytes, PADDING_BYTES_MAX + END_BYTES));
    const { bytesRead } = await handle.read(tail, 0, tail.length, sizeBytes - tail.length);
    const start = tail.lastIndexOf(END_SIGNATURE);
    if (bytesRead < tail.length || start < 0 || start + END_BYTES > tail.length) return sizeBytes;
    const end = start + END_BYTES + tail.readUInt16LE(start + 20);
    const isPadded = end < tail.length && tail.subarray(end).every((byte) => byte === 0);
    return isPadded ? sizeBytes - tail.length + end : sizeBytes;
  } finally {
    await handle.close();
  }
}

/** A file as far as its beginning is wanted: whoever reads it is told a smaller size. */
export class FileStart extends RandomAccessReader {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return createReadStream(this.#path, { start, end: end - 1 });
  }
}
