/**
 * A multipart form with one file in it, in each of the forms that Replicate's clients send. The file goes to the blob
 * store as it arrives and is never held in memory; the small fields may stand before or after it.
 */
import { FILE_NAME_BYTES_MAX, FILE_PART } from "@easel/contract";
import { z } from "zod";
import { badRequest, type HttpError, invalidInput } from "../errors.ts";
import type { Blob, BlobStore } from "./blobs.ts";
import { readForm } from "./form.ts";

const Metadata = z.record(z.string(), z.json());

export interface Upload {
  blob: Blob;
  name: string;
  contentType: string;
  metadata: z.infer<typeof Metadata>;
}

/** Reads the form. Throws 400 when it is none, 413 beyond `bytesMax`, 422 for a field that cannot be used. */
export async function receiveUpload(
  body: ReadableStream<Uint8Array> | null,
  contentType: string | undefined,
  blobs: BlobStore,
  bytesMax: number,
): Promise<Upload> {
  if (body === null || contentType === undefined || !/^multipart\/form-data\b.*boundary=/i.test(contentType)) {
    throw badRequest(`Send the file as multipart/form-data, in a part named ${FILE_PART}.`);
  }
  const { file, fields } = await readForm(body, contentType, FILE_PART, (stream) => blobs.write(stream, bytesMax));
  if (file === undefined)
    throw invalidField("required", FILE_PART, `${FILE_PART} is required: the part that holds the file`);
  const name = fields.get("filename") || file.name || "upload";
  if (Buffer.byteLength(name) > FILE_NAME_BYTES_MAX) {
    throw invalidField("string_lte", "filename", `Must be at most ${FILE_NAME_BYTES_MAX} bytes long in UTF-8`);
  }
  const metadata = readMetadata(fields);
  return { blob: file.received, name, contentType: fields.get("type") || file.contentType, metadata };
}

/** Either one field with JSON in it (Python, JavaScript), or a field each, `metadata[key]` (Python 2). */
function readMetadata(fields: Map<string, string>): z.infer<typeof Metadata> {
  const parsed = Metadata.safeParse(parseJson(fields.get("metadata") || "{}"));
  if (!parsed.success) throw invalidField("invalid_type", "metadata", "Invalid type. Expected: a JSON object");
  const flattened = [...fields].flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, value]];
  });
  return { ...parsed.data, ...Object.fromEntries(flattened) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalidField(type: string, field: string, description: string): HttpError {
  return invalidInput([{ type, field, description }]);
}
