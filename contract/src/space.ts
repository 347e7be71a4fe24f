/** What `POST /v1/gc` has freed, or would free. */
import { z } from "zod";

export const GarbageReport = z.object({
  dry_run: z.boolean(),
  bytes: z.int(),
  results: z.array(z.object({ what: z.string(), count: z.int(), bytes: z.int() })),
});
export type GarbageReport = z.infer<typeof GarbageReport>;

export const CollectGarbage = z.object({ dry_run: z.boolean().default(false) });
