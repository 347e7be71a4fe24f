/**
 * Bytes by their SHA-256, in `$EASEL_DATA/blobs/ab/<sha256>`: immutable, read-only, each content kept once.
 * What is there is whole and on the disk; partial bytes live in `incoming/`, which is emptied at every start.
 * Knows nothing of names, accounts or the database.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream, type Stats } from "node:fs";
import { chmod, copyFile, link, lstat, mkdir, open, readdir, rm, unlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { type HttpError, tooLarge } from "../errors.ts";
import { explainDiskError } from "./disk.ts";
import { makeFolderDurably, renameDurably, syncPath, writeAll } from "./durable.ts";
import { sizeInWords } from "./size.ts";

export interface Blob {
  sha256: string;
  md5: string;
  size: number;
}

/** Both ends are included, as in a Range header. */
export interface ByteRange {
  start: number;
  end: number;
}

export class BlobStore {
  readonly #blobs: string;
  readonly #incoming: string;
  #turns: Promise<unknown> = Promise.resolve();

  private constructor(dataFolder: string) {
    this.#blobs = join(dataFolder, "blobs");
    this.#incoming = join(dataFolder, "incoming");
  }

  /** The store beside a server that may be running: for those who only read. */
  static at(dataFolder: string): BlobStore {
    return new BlobStore(dataFolder);
  }

  /** Opens the store and throws away what an earlier server left half written. One server a folder: hold its lock first. */
  static async open(dataFolder: string): Promise<BlobStore> {
    const store = new BlobStore(dataFolder);
    await makeFolderDurably(store.#blobs);
    await rm(store.#incoming, { recursive: true, force: true });
    await mkdir(store.#incoming);
    return store;
  }

  /** Where a blob is, or would be. */
  path(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`Not a SHA-256: ${sha256}`);
    return join(this.#blobs, sha256.slice(0, 2), sha256);
  }

  /** A path that nobody else uses, for bytes on their way in. Whoever asks removes it, or hands it to `adopt`. */
  incomingPath(): string {
    return join(this.#incoming, randomBytes(12).toString("hex"));
  }

  async has(sha256: string): Promise<boolean> {
    return (await lstat(this.path(sha256)).catch(() => undefined)) !== undefined;
  }

  /** 0 where it is not there. */
  async size(sha256: string): Promise<number> {
    return (await lstat(this.path(sha256)).catch(() => undefined))?.size ?? 0;
  }

  /** Whether the blob is there, from now on as young as one that has just come: what was asked for is not garbage. */
  async keep(sha256: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const now = new Date();
      return utimes(this.path(sha256), now, now).then(
        () => true,
        () => false,
      );
    });
  }

  /** Every blob with its size and when it came or was kept, in milliseconds since 1970. */
  async *list(): AsyncGenerator<{ sha256: string; size: number; keptAt: number }> {
    for (const folder of await readdir(this.#blobs)) {
      for (const sha256 of await readdir(join(this.#blobs, folder)).catch(() => [])) {
        if (!/^[0-9a-f]{64}$/.test(sha256)) continue;
        const found = await lstat(this.path(sha256)).catch(() => undefined);
        if (found !== undefined) yield { sha256, size: found.size, keptAt: keptAt(found) };
      }
    }
  }

  /**
   * Removes a blob that came, or was kept, before then. Whoever is about to name a blob in a row keeps it first, and waits
   * here until this is over: so what is named is never removed by one who saw no row.
   */
  async removeOlder(sha256: string, keptBefore: number): Promise<boolean> {
    return this.#inTurn(async () => {
      const found = await lstat(this.path(sha256)).catch(() => undefined);
      if (found === undefined || keptAt(found) > keptBefore) return false;
      await unlink(this.path(sha256));
      return true;
    });
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turns.then(work);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  /** A blob's bytes, or a part of them. */
  open(sha256: string, range?: ByteRange): Readable {
    return createReadStream(this.path(sha256), range);
  }

  /**
   * Keeps what the stream brings, hashed on the way and never held in memory. When this resolves, the bytes are on the disk.
   * Throws 413 beyond `bytesMax`, 507 on a full disk; whatever it throws, nothing partial stays behind.
   */
  async write(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Blob> {
    const partial = this.incomingPath();
    try {
      const blob = await receive(source, partial, bytesMax);
      await this.#settle(partial, blob.sha256);
      return blob;
    } catch (error) {
      throw explainDiskError(error);
    } finally {
      await rm(partial, { force: true });
    }
  }

  /**
   * Keeps a file that is complete and whose hash is already known, without reading it: by a hard link, so that it also
   * stays where it is. Across file systems the kernel copies it. The file becomes read-only.
   */
  async adopt(path: string, sha256: string): Promise<void> {
    if (!(await lstat(path)).isFile()) throw new Error(`${path} is not a regular file`);
    await syncPath(path);
    const own = this.incomingPath();
    try {
      await link(path, own).catch(async () => {
        await copyFile(path, own, constants.COPYFILE_FICLONE);
        await syncPath(own);
      });
      await this.#settle(own, sha256);
    } catch (error) {
      throw explainDiskError(error);
    } finally {
      await rm(own, { force: true });
    }
  }

  async #settle(path: string, sha256: string): Promise<void> {
    const target = this.path(sha256);
    // Whoever put the same bytes there a moment ago may not have waited yet until their name is on the disk.
    if (await this.keep(sha256)) return syncPath(dirname(target));
    await makeFolderDurably(dirname(target));
    await chmod(path, 0o444);
    await renameDurably(path, target);
  }
}

/** A file that was linked here is older than its place: of that only ctime tells. */
function keptAt(found: Stats): number {
  return Math.max(found.ctimeMs, found.mtimeMs);
}

async function receive(source: AsyncIterable<Uint8Array>, path: string, bytesMax: number): Promise<Blob> {
  const sha256 = createHash("sha256");
  const md5 = createHash("md5");
  let size = 0;
  const handle = await open(path, "wx");
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > bytesMax) throw overLimit(bytesMax);
      sha256.update(chunk);
      md5.update(chunk);
      await writeAll(handle, chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: sha256.digest("hex"), md5: md5.digest("hex"), size };
}

/** Replicate's sentence, with our number and the way out. */
function overLimit(bytesMax: number): HttpError {
  const limit = `Files must be less than ${sizeInWords(bytesMax)} in size`;
  return tooLarge(`${limit}. Send fewer or smaller ones, or raise EASEL_MAX_UPLOAD on the server.`);
}
