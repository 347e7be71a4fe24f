/** A file from elsewhere, into the blob store. Judges what came by its first bytes. Knows nothing of runs. */
import type { Context } from "../context.ts";
import { HttpError } from "../errors.ts";
import type { Blob } from "../files/blobs.ts";
import { sizeInWords } from "../files/size.ts";
import { archiveFormat, describeContent, HEAD_BYTES } from "../intake/sniff.ts";
import { get } from "./get.ts";
import { FetchRefused } from "./refusal.ts";

export interface FileWish {
  url: string;
  /** Only an archive will do. */
  isArchive: boolean;
  signal: AbortSignal;
  /** Told of each piece: bytes so far, and in all where that is known. */
  onProgress?: (done: number, total: number | undefined) => void;
}

/** Throws FetchRefused, in a sentence that names the host, for all that is not this server's own fault. */
export async function fetchFile(
  context: Pick<Context, "blobs" | "config" | "resolveHost">,
  { url, isArchive, signal, onProgress }: FileWish,
): Promise<Blob> {
  const bytesMax = context.config.uploadBytesMax;
  const reach = { resolveHost: context.resolveHost, allowed: context.config.fetchAllowed };
  const { host, size, body, close } = await get(reach, url, signal);
  if (size !== undefined && size > bytesMax) {
    close();
    throw tooLarge(host, bytesMax);
  }
  try {
    return await context.blobs.write(
      watched(body, host, isArchive, (done) => onProgress?.(done, size)),
      bytesMax,
    );
  } catch (error) {
    throw error instanceof HttpError && error.status === 413 ? tooLarge(host, bytesMax) : error;
  }
}

/** The same bytes; throws at the first that show it is nothing one wants. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  host: string,
  isArchive: boolean,
  onBytes: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  let done = 0;
  let judged = false;
  for await (const chunk of body) {
    done += chunk.length;
    if (!judged) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
    if (!judged && head.length >= HEAD_BYTES) {
      judge(head, host, isArchive);
      judged = true;
    }
    onBytes(done);
    yield chunk;
  }
  if (!judged) judge(head, host, isArchive);
}

function judge(head: Buffer, host: string, isArchive: boolean): void {
  const content = describeContent(head);
  const isWanted = isArchive ? archiveFormat(head) !== undefined : head.length > 0 && content !== "a web page";
  if (!isWanted) throw new FetchRefused(`${host} answered ${content}, not ${isArchive ? "a zip or tar" : "a file"}.`);
}

function tooLarge(host: string, bytesMax: number): FetchRefused {
  return new FetchRefused(`${host} offers more than ${sizeInWords(bytesMax)}, which is the most that is taken.`);
}
