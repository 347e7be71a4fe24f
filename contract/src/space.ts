/** What is freed: by `POST /v1/gc`, and by deleting something. */
import { z } from "zod";

/** In the answer to a DELETE: the bytes of what nothing else needs. Blobs among it go with `POST /v1/gc` a day later. */
export const FREES_HEADER = "easel-frees-bytes";

/** What it has freed, or would free. */
export const GarbageReport = z.object({
  dry_run: z.boolean(),
  bytes: z.int(),
  results: z.array(z.object({ what: z.string(), count: z.int(), bytes: z.int() })),
});
export type GarbageReport = z.infer<typeof GarbageReport>;

export const CollectGarbage = z.object({ dry_run: z.boolean().default(false) });
