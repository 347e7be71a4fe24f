/** A file given to the server, to be named later in a run's input by `urls.get`. */
import { z } from "zod";
import { pageOf } from "./page.ts";

export const File = z.object({
  id: z.string(),
  name: z.string(),
  content_type: z.string(),
  size: z.int(),
  etag: z.string(),
  checksums: z.object({ sha256: z.string(), md5: z.string() }),
  metadata: z.record(z.string(), z.json()),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  /** `download` gives the bytes without a token for one to two days. */
  urls: z.object({ get: z.string(), download: z.string() }),
});
export type File = z.infer<typeof File>;

export const FilePage = pageOf(File);
export type FilePage = z.infer<typeof FilePage>;

/** The part of `POST /v1/files` that holds the bytes; `filename`, `type` and `metadata` may come beside it. */
export const FILE_PART = "content";

/** The longest file name, in bytes of UTF-8. */
export const FILE_NAME_BYTES_MAX = 255;
