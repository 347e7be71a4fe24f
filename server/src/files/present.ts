/** A file as the API shows it. */
import type { File } from "@easel/contract";
import type { Context } from "../context.ts";
import { signDownload } from "./sign.ts";
import type { FileRow } from "./store.ts";

const DAY_SECONDS = 24 * 60 * 60;

/** `origin` is what absolute URLs begin with, such as `http://127.0.0.1:7788`. */
export function presentFile(context: Context, row: FileRow, origin: string): File {
  const resource = `${origin}/v1/files/${row.id}`;
  return {
    id: row.id,
    name: row.name,
    content_type: row.content_type,
    size: row.size,
    etag: row.md5,
    checksums: { sha256: row.sha256, md5: row.md5 },
    metadata: JSON.parse(row.metadata),
    created_at: row.created_at,
    expires_at: row.expires_at,
    urls: { get: resource, download: `${resource}/download?${downloadQuery(context, row)}` },
  };
}

/** Good for one to two days. It ends with a whole day, so that the link is the same at each look and can be cached. */
function downloadQuery(context: Context, row: FileRow): URLSearchParams {
  const days = Math.ceil(context.now() / 1000 / DAY_SECONDS) + 1;
  return signDownload(context.signingKey, row.account, row.id, days * DAY_SECONDS);
}
