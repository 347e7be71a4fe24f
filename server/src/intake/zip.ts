/**
 * The entries of a zip. yauzl reads the table of contents; the bytes are read here, so that every size that the table
 * claims is checked against what is there. Nothing is unpacked before the whole table has been found harmless.
 */

import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import * as yauzl from "yauzl";
import { type ArchiveEntry, EntryDamaged, readName } from "./entry.ts";
import { FileStart, sizeWithoutPadding } from "./padded-zip.ts";
import { checkCount, checkSize, quoted, refuse, refuseDamaged } from "./refusal.ts";

const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 0x1;
const UTF8 = 0x800;
/** Bytes over the size that the archive says are read no further than shows whether they are a lie or damage. */
const OVERRUN_BYTES_MAX = 1_000_000;

/** What the table of contents says of an entry, and where its bytes really are. */
interface Listed {
  name: string;
  kind: ArchiveEntry["kind"];
  method: number;
  packed: number;
  unpacked: number;
  checksum: number;
  headerStart: number;
  dataStart: number;
}

/** Throws the refusal of the whole archive for what must not be unpacked. */
export async function* readZip(path: string, sizeBytes: number): AsyncGenerator<ArchiveEntry> {
  const listed = await listEntries(path, sizeBytes);
  checkSize(
    listed.reduce((sum, entry) => sum + entry.unpacked, 0),
    sizeBytes,
  );
  checkOverlap(listed);
  for (const entry of listed) yield { name: entry.name, kind: entry.kind, read: () => readEntry(path, entry) };
}

async function listEntries(path: string, sizeBytes: number): Promise<Listed[]> {
  const zip = await openZip(path, sizeBytes);
  try {
    checkCount(zip.entryCount);
    const listed: Listed[] = [];
    for await (const entry of zip.eachEntry()) listed.push(await list(zip, entry));
    return listed;
  } catch (error) {
    throw explain(error);
  } finally {
    zip.close();
  }
}

async function openZip(path: string, sizeBytes: number): Promise<yauzl.ZipFile> {
  try {
    const options = { autoClose: false, decodeStrings: false };
    const size = await sizeWithoutPadding(path, sizeBytes);
    if (size === sizeBytes) return await yauzl.openPromise(path, options);
    return await yauzl.fromRandomAccessReaderPromise(new FileStart(path), size, options);
  } catch (error) {
    throw explain(error);
  }
}

async function list(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Listed> {
  const name = readName(decodeName(entry));
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) throw refuseEncrypted();
  checkSize(entry.uncompressedSize, entry.compressedSize, name);
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  return {
    name,
    kind: kindOf(name, entry.externalFileAttributes),
    method: entry.compressionMethod,
    packed: entry.compressedSize,
    unpacked: entry.uncompressedSize,
    checksum: entry.crc32,
    headerStart: entry.relativeOffsetOfLocalHeader,
    dataStart: fileDataStart,
  };
}

/** Many programs write UTF-8 without saying so; what is no valid UTF-8 is in the old code page 437. */
function decodeName(entry: yauzl.Entry): string {
  const flags = entry.generalPurposeBitFlag | (isUtf8(entry.fileNameRaw) ? UTF8 : 0);
  return yauzl.getFileNameLowLevel(flags, entry.fileNameRaw, entry.extraFields, true);
}

/** The upper half of the attributes holds Unix's mode, or nothing. */
function kindOf(name: string, attributes: number): ArchiveEntry["kind"] {
  if (name.endsWith("/")) return "folder";
  const type = (attributes >>> 16) & 0o170000;
  if (type === 0 || type === 0o100000) return "file";
  if (type === 0o040000) return "folder";
  return type === 0o120000 ? "link" : "other";
}

/** Entries that share bytes let a small archive unpack without end. */
function checkOverlap(listed: readonly Listed[]): void {
  const inOrder = listed.toSorted((a, b) => a.headerStart - b.headerStart);
  for (const [index, entry] of inOrder.entries()) {
    const next = inOrder[index + 1];
    if (next !== undefined && entry.dataStart + entry.packed > next.headerStart) {
      throw refuse(
        `The archive has entries that share the same bytes, ${quoted(entry.name)} and ${quoted(next.name)}, as only one made to do harm has. Make a zip of the pictures themselves.`,
      );
    }
  }
}

async function* readEntry(path: string, entry: Listed): AsyncGenerator<Uint8Array> {
  let size = 0;
  let checksum = 0;
  try {
    for await (const chunk of unpack(path, entry)) {
      size += chunk.length;
      if (size > entry.unpacked + OVERRUN_BYTES_MAX) throw refuseLie(entry);
      checksum = crc32(chunk, checksum);
      if (size <= entry.unpacked) yield chunk;
    }
  } catch (error) {
    throw isUnpackError(error) ? new EntryDamaged("damaged in the archive") : error;
  }
  if (checksum !== entry.checksum) throw new EntryDamaged("damaged in the archive: its checksum does not match");
  if (size !== entry.unpacked) throw refuseLie(entry);
}

function unpack(path: string, entry: Listed): AsyncIterable<Uint8Array> {
  if (entry.packed === 0) return emptyStream();
  const packed = createReadStream(path, { start: entry.dataStart, end: entry.dataStart + entry.packed - 1 });
  if (entry.method === STORED) return packed;
  if (entry.method !== DEFLATED)
    throw new EntryDamaged("packed by a method that is not read", "Make the zip with the system's own tool.");
  const inflate = createInflateRaw();
  pipeline(packed, inflate, () => {}); // an error reaches the reader of `inflate`
  return inflate;
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}

function isUnpackError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

function refuseLie(entry: Listed): Error {
  return refuse(`${quoted(entry.name)} has not the size that the archive says. Make the archive again.`);
}

function refuseEncrypted(): Error {
  return refuse("The archive is encrypted. Make one without a password.");
}

/** What yauzl could not read, as a refusal; anything that is not its doing goes on as it is. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error.constructor !== Error || "code" in error) return error;
  if (error.message.includes("encryption")) return refuseEncrypted();
  if (error.message.includes("multi-disk"))
    return refuse("The archive is one part of several. Make a zip in one piece.");
  return refuseDamaged();
}
