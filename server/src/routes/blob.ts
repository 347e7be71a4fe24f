/** The reply that carries a blob's bytes, streamed from the disk. */
import { Readable } from "node:stream";
import type { BlobStore } from "../files/blobs.ts";

/** Any type but an image's is sent as bytes to save: what users upload must never run as a page of ours. */
export function sendBlob(
  blobs: BlobStore,
  blob: { sha256: string; size: number; name: string; contentType: string },
): Response {
  const isPicture = /^image\/(?:png|jpeg|webp|avif|gif)$/.test(blob.contentType);
  return new Response(Readable.toWeb(blobs.open(blob.sha256)), {
    headers: {
      "Content-Type": isPicture ? blob.contentType : "application/octet-stream",
      "Content-Length": String(blob.size),
      "Content-Disposition": `${isPicture ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(blob.name)}`,
      "Cache-Control": "private, max-age=31536000, immutable",
      "X-Content-Type-Options": "nosniff",
    },
  });
}
