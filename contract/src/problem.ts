/** What every refusal looks like on the wire (`application/problem+json`). */
import { z } from "zod";

/** A fault in one field of a request: `type` is a kind such as `required`, `number_lte`, `invalid_type`. */
export const InvalidField = z.object({ type: z.string(), field: z.string(), description: z.string() });
export type InvalidField = z.infer<typeof InvalidField>;

export const Problem = z.object({
  title: z.string().optional(),
  detail: z.string(),
  status: z.int().optional(),
  type: z.string().optional(),
  instance: z.string().optional(),
  invalid_fields: z.array(InvalidField).optional(),
  retry_after: z.number().optional(),
});
export type Problem = z.infer<typeof Problem>;

/** The header by which a reply and the server's log can be brought together. */
export const REQUEST_ID_HEADER = "x-request-id";
