/** A file as the API shows it. */
import type { File } from "@easel/contract";
import type { FileRow } from "./store.ts";

/** `origin` is what absolute URLs begin with, such as `http://127.0.0.1:7788`. */
export function presentFile(row: FileRow, origin: string): File {
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
    urls: { get: `${origin}/v1/files/${row.id}` },
  };
}
