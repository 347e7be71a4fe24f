/**
 * Writes a zip whose entries are stored as they are, with names of our own and no times: the same content gives the same
 * bytes. For what is under 4 GB; the limits on an archive keep it there.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { writeAll } from "../files/durable.ts";

/** 1 January 1980, the first day that a zip knows. */
const DOS_DATE = 0x21;
const VERSION_NEEDED = 20;
const MADE_BY_UNIX = 0x0300 | VERSION_NEEDED;
const REGULAR_FILE = 0o100644;

interface Written {
  name: string;
  size: number;
  checksum: number;
  offset: number;
}

export class StoredZip {
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  readonly #written: Written[] = [];
  #size = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Starts a new file; `finish` or `close` it. */
  static async create(path: string): Promise<StoredZip> {
    return new StoredZip(await open(path, "wx"));
  }

  async addBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.#begin(name, bytes.length, crc32(bytes));
    await this.#write(bytes);
  }

  /** Adds a file whose size and CRC-32 are known already. */
  async addFile(name: string, path: string, size: number, checksum: number): Promise<void> {
    await this.#begin(name, size, checksum);
    for await (const chunk of createReadStream(path)) await this.#write(chunk);
  }

  /** Writes the table of contents, and gives the file's hash and size, and where in it each entry's bytes stand. */
  async finish(): Promise<{ sha256: string; size: number; places: Record<string, { start: number; size: number }> }> {
    const start = this.#size;
    for (const entry of this.#written) await this.#write(tableEntry(entry));
    await this.#write(tableEnd(this.#written.length, start, this.#size - start));
    await this.close();
    const places = this.#written.map((entry) => [entry.name, { start: dataStart(entry), size: entry.size }]);
    return { sha256: this.#hash.digest("hex"), size: this.#size, places: Object.fromEntries(places) };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #begin(name: string, size: number, checksum: number): Promise<void> {
    const entry = { name, size, checksum, offset: this.#size };
    this.#written.push(entry);
    await this.#write(localHeader(entry));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    await writeAll(this.#handle, bytes);
  }
}

function dataStart(entry: Written): number {
  return entry.offset + localHeader(entry).length;
}

function localHeader(entry: Written): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION_NEEDED, 4);
  writeFacts(header, 10, entry);
  return Buffer.concat([header, Buffer.from(entry.name)]);
}

function tableEntry(entry: Written): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(MADE_BY_UNIX, 4);
  header.writeUInt16LE(VERSION_NEEDED, 6);
  writeFacts(header, 12, entry);
  header.writeUInt32LE(REGULAR_FILE * 0x10000, 38);
  header.writeUInt32LE(entry.offset, 42);
  return Buffer.concat([header, Buffer.from(entry.name)]);
}

/** Time, date, CRC-32, both sizes and the name's length, which stand in the same order in both kinds of header. */
function writeFacts(header: Buffer, at: number, entry: Written): void {
  header.writeUInt16LE(DOS_DATE, at + 2);
  header.writeUInt32LE(entry.checksum, at + 4);
  header.writeUInt32LE(entry.size, at + 8);
  header.writeUInt32LE(entry.size, at + 12);
  header.writeUInt16LE(Buffer.byteLength(entry.name), at + 16);
}

function tableEnd(count: number, start: number, size: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(start, 16);
  return end;
}
