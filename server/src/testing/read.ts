/** Replies of the app, read as what the contract says they are. */
import type { z } from "zod";

/** The body of `reply`, parsed; throws where it is not JSON of the schema's shape. */
export async function read<Schema extends z.ZodType>(
  reply: Response | Promise<Response>,
  schema: Schema,
): Promise<z.output<Schema>> {
  return schema.parse(await (await reply).json());
}
