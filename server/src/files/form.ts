/** Reads multipart/form-data as it arrives: one part is a stream, the others are small texts. Knows nothing of files. */
import type { Readable } from "node:stream";
import { Busboy, type BusboyInstance } from "@fastify/busboy";
import { badRequest, type HttpError } from "../errors.ts";

const FIELD_BYTES_MAX = 100_000;
const FIELDS_MAX = 100;
/** A refused body is read on for so long, because a client that is still sending would not see the answer. */
const DISCARDED_BYTES_MAX = 1_000_000_000;

export interface Form<Received> {
  /** The part that was streamed: undefined when the form has none; of several the first counts. */
  file: { received: Received; name: string | undefined; contentType: string } | undefined;
  fields: Map<string, string>;
}

/**
 * `receive` is handed the bytes of the part `fileField`; when it throws, so does this, once the sender has been heard out.
 * Throws 400 for a body that is cut off or no form.
 */
export async function readForm<Received>(
  body: ReadableStream<Uint8Array>,
  contentType: string,
  fileField: string,
  receive: (stream: Readable) => Promise<Received>,
): Promise<Form<Received>> {
  const fields = new Map<string, string>();
  const failure = new AbortController();
  let file: Promise<Form<Received>["file"]> = Promise.resolve(undefined);
  const parser = startParser(contentType, fileField);
  parser.on("field", (name, value, _nameCut, valueCut) => {
    if (valueCut)
      failure.abort(badRequest(`The field ${name} is longer than ${FIELD_BYTES_MAX} bytes. Send less in it.`));
    else fields.set(name, value);
  });
  parser.on("file", (_field, stream, name, _encoding, type) => {
    stream.on("error", () => {}); // the parser may still report to a reader that has given up
    file = receive(stream).then((received) => ({ received, name, contentType: type }));
    file.catch((error: unknown) => failure.abort(error));
    failure.signal.addEventListener("abort", () => stream.destroy(cutOff()));
  });
  parser.on("error", () => failure.abort(cutOff()));
  await feed(body, parser, failure);
  // When both failed, the file's own reason is the one that helps: the parser only saw its reader go away.
  const received = await Promise.allSettled([file]);
  if (failure.signal.aborted) throw failure.signal.reason;
  if (received[0].status === "rejected") throw received[0].reason;
  return { file: received[0].value, fields };
}

function startParser(contentType: string, fileField: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { "content-type": contentType },
      isPartAFile: (name) => name === fileField,
      limits: { files: 1, fields: FIELDS_MAX, fieldSize: FIELD_BYTES_MAX, headerPairs: 50, headerSize: 16_384 },
    });
  } catch {
    throw badRequest(
      "The Content-Type names no boundary between the parts of the form. Leave it to your HTTP library to write it.",
    );
  }
}

/** Hands the body to the parser at the pace of whoever reads the file; resolves when all is read or the failure is known. */
async function feed(body: ReadableStream<Uint8Array>, parser: BusboyInstance, failure: AbortController): Promise<void> {
  const failed = new Promise<void>((resolve) => failure.signal.addEventListener("abort", () => resolve()));
  const finished = new Promise<void>((resolve) => parser.once("finish", resolve));
  let discardedBytes = 0;
  try {
    for await (const chunk of body) {
      if (!failure.signal.aborted) {
        await Promise.race([failed, new Promise<void>((resolve) => parser.write(chunk, () => resolve()))]);
      } else {
        discardedBytes += chunk.length;
        if (discardedBytes > DISCARDED_BYTES_MAX) return;
      }
    }
  } catch {
    failure.abort(cutOff());
  }
  if (failure.signal.aborted) return;
  parser.end();
  await Promise.race([failed, finished]);
}

function cutOff(): HttpError {
  return badRequest("The form ends too early, or is none. Send the file again.");
}
