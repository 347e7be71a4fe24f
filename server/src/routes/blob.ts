/** The reply that carries a blob's bytes, streamed from the disk. */
import type { Context as Request } from "hono";
import type { Env } from "../env.ts";
import type { BlobStore } from "../files/blobs.ts";
import { sendBytes } from "./bytes.ts";

/** Any type but an image's is sent as bytes to save: what users upload must never run as a page of ours. */
export function sendBlob(
  c: Request<Env>,
  blobs: BlobStore,
  blob: { sha256: string; size: number; name: string; contentType: string },
): Response {
  const isPicture = /^image\/(?:png|jpeg|webp|avif|gif)$/.test(blob.contentType);
  return sendBytes(c, {
    etag: blob.sha256,
    size: blob.size,
    headers: {
      "Content-Type": isPicture ? blob.contentType : "application/octet-stream",
      "Content-Disposition": `${isPicture ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(blob.name)}`,
      "X-Content-Type-Options": "nosniff",
    },
    open: (range) => blobs.open(blob.sha256, range),
  });
}
