/** A JSON body, read with a limit and parsed at the border. */
import type { Context as Request } from "hono";
import type { z } from "zod";
import type { Env } from "../env.ts";
import { badRequest, invalidInput, tooLarge } from "../errors.ts";
import { sizeInWords } from "../files/size.ts";

/** Creates may carry data: URIs. */
export const CREATE_BYTES_MAX = 16_000_000;
const OTHER_BYTES_MAX = 1_000_000;

/** The parsed body and its text as it came. Throws 400, 413 or 422 with the field's name. */
export async function readJson<Schema extends z.ZodType>(
  c: Request<Env>,
  schema: Schema,
  bytesMax = OTHER_BYTES_MAX,
): Promise<{ text: string; body: z.infer<Schema> }> {
  const text = await readText(c.req.raw, bytesMax);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badRequest("The body is not JSON. Send a JSON object.");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { text, body: parsed.data };
  throw invalidInput(parsed.error.issues.flatMap(explain));
}

/** The same kinds and words as for a run's input. */
function explain(issue: z.core.$ZodIssue): { type: string; field: string; description: string }[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      type: "additional_property_not_allowed",
      field: [...issue.path, key].join("."),
      description: `Additional property ${key} is not allowed`,
    }));
  }
  const field = issue.path.join(".") || "body";
  if (issue.code === "invalid_type" && issue.input === undefined) {
    return [{ type: "required", field, description: `${field} is required` }];
  }
  return [{ type: issue.code, field, description: issue.message }];
}

export async function readText(request: globalThis.Request, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > bytesMax) {
      throw tooLarge(
        `The body is larger than ${sizeInWords(bytesMax)}. Upload large inputs by POST /v1/files and give their URLs.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
