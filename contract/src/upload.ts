/** A file as the body of a multipart form. Knows the form's format and nothing of what is sent. */
import { FILE_PART } from "./file.ts";

/**
 * What to send. A Blob goes as it is, in a browser too; an iterable is read as it is sent, so that progress can be
 * shown and no file has to fit in memory: its `size` must be known.
 */
export type Upload = { name: string; contentType?: string } & (
  | { content: Blob }
  | { content: AsyncIterable<Uint8Array>; size: number }
);

/** The body and headers of a request that sends `upload`. */
export function multipart(upload: Upload): RequestInit {
  if (upload.content instanceof Blob) {
    const form = new FormData();
    const type = upload.contentType ?? upload.content.type;
    form.set(
      FILE_PART,
      type === upload.content.type ? upload.content : new Blob([upload.content], { type }),
      upload.name,
    );
    return { body: form };
  }
  const boundary = `easel-${crypto.randomUUID()}`;
  const type = upload.contentType ?? "application/octet-stream";
  const name = upload.name.replaceAll('"', "%22").replaceAll(/[\r\n]/g, " ");
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${FILE_PART}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
  const [before, after] = [new TextEncoder().encode(head), new TextEncoder().encode(`\r\n--${boundary}--\r\n`)];
  const size = "size" in upload ? upload.size : 0;
  return {
    body: ReadableStream.from(concatenate(before, upload.content, after)),
    headers: {
      "Content-Type": `multipart/form-data; boundary=${boundary}`,
      "Content-Length": String(before.length + size + after.length),
    },
    duplex: "half",
  };
}

async function* concatenate(before: Uint8Array, content: AsyncIterable<Uint8Array>, after: Uint8Array) {
  yield before;
  yield* content;
  yield after;
}
