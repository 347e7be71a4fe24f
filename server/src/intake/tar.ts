/** The entries of a tar, packed by gzip or not, in one pass. tar-stream reads the headers; the limits are kept here. */
import { createReadStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { HttpError } from "../errors.ts";
import { type ArchiveEntry, readName } from "./entry.ts";
import { checkCount, checkSize, refuse, refuseDamaged } from "./refusal.ts";

/** Tars from before 1988 have no format's name in their headers. The published types do not know this option. */
const OPTIONS = { highWaterMark: 65_536, allowUnknownFormat: true };

/** Throws the refusal of the whole archive for what must not be unpacked. An entry not read by the next one is skipped. */
export async function* readTar(path: string, sizeBytes: number, isGzip: boolean): AsyncGenerator<ArchiveEntry> {
  const entries = extract(OPTIONS);
  const source = createReadStream(path);
  const feeding = isGzip
    ? pipeline(source, createGunzip(), limitTo(sizeBytes), entries)
    : pipeline(source, limitTo(sizeBytes), entries);
  feeding.catch(() => {}); // `entries` fails with the same error
  let count = 0;
  // What went wrong is known to the feeding stream; the others only see that it went away.
  const fail = async (error: unknown): Promise<never> => {
    await feeding.catch((cause: unknown) => {
      throw explain(cause, count, isGzip);
    });
    throw error;
  };
  try {
    for await (const entry of entries) {
      count += 1;
      checkCount(count);
      const bytes = bytesOf(entry, fail);
      yield describe(entry.header, sizeBytes, bytes);
      // Leaving an entry's stream early would end the whole archive, so what nobody wanted is read to its end.
      while (!(await bytes.next()).done);
    }
    await feeding;
  } catch (error) {
    if (error instanceof HttpError) throw error;
    await fail(error);
  } finally {
    source.destroy();
  }
}

async function* bytesOf(
  stream: AsyncIterable<unknown>,
  fail: (error: unknown) => Promise<never>,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk;
  } catch (error) {
    await fail(error);
  }
}

function describe(header: Header, sizeBytes: number, bytes: AsyncIterator<Uint8Array>): ArchiveEntry {
  const name = readName(header.name);
  checkSize(header.size, sizeBytes, name);
  return { name, kind: kindOf(header), read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) }) };
}

function kindOf(header: Header): ArchiveEntry["kind"] {
  switch (header.type) {
    case "file":
    case "contiguous-file":
      return isSparse(header) ? "other" : "file";
    case "directory":
      return "folder";
    case "link":
    case "symlink":
      return "link";
    default:
      return "other";
  }
}

/** A sparse file's bytes are only its filled parts, behind a map of where they belong. */
function isSparse(header: Header): boolean {
  return Object.keys(header.pax ?? {}).some((key) => key.startsWith("GNU.sparse"));
}

/** Stops what unpacks to more than may be read, however it is distributed over entries and headers. */
function limitTo(packedBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      try {
        checkSize(bytes, packedBytes);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

function explain(error: unknown, entriesRead: number, isGzip: boolean): unknown {
  if (error instanceof HttpError || !(error instanceof Error)) return error;
  if (isGzip && entriesRead === 0 && error.message.startsWith("Invalid tar header")) {
    return refuse("The gzip file holds no tar archive. Make a zip or a tar of the pictures.");
  }
  const isArchiveFault =
    /^(?:Invalid|Unexpected|Header exceeds)/.test(error.message) ||
    ("code" in error && String(error.code).startsWith("Z_"));
  return isArchiveFault ? refuseDamaged() : error;
}
