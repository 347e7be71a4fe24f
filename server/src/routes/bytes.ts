/** Bytes that never change, answered whole or in part: ETag, If-None-Match, Range and If-Range as RFC 9110 has them. */
import { Readable } from "node:stream";
import type { Context as Request } from "hono";
import type { Env } from "../env.ts";
import type { ByteRange } from "../files/blobs.ts";

export interface Bytes {
  /** Without quotes: another one means other bytes. */
  etag: string;
  size: number;
  headers: Record<string, string>;
  /** Both ends of the range are included. */
  open: (range: ByteRange) => Readable;
}

/** 200, 206, 304 or 416. A range of several parts is answered with the whole, as the standard allows. */
export function sendBytes(c: Request<Env>, { etag, size, headers, open }: Bytes): Response {
  const quoted = `"${etag}"`;
  const common = { ETag: quoted, "Accept-Ranges": "bytes", "Cache-Control": "private, max-age=31536000, immutable" };
  if (isKnown(c.req.header("if-none-match"), quoted)) return new Response(null, { status: 304, headers: common });
  const all = { ...common, ...headers };
  const condition = c.req.header("if-range");
  const range = condition === undefined || condition === quoted ? readRange(c.req.header("range"), size) : undefined;
  if (range === "outside") {
    return new Response(null, { status: 416, headers: { ...common, "Content-Range": `bytes */${size}` } });
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const length = { "Content-Length": String(end - start + 1) };
  const body = c.req.method === "HEAD" || end < start ? null : Readable.toWeb(open({ start, end }));
  if (range === undefined) return new Response(body, { headers: { ...all, ...length } });
  const part = { "Content-Range": `bytes ${start}-${end}/${size}` };
  return new Response(body, { status: 206, headers: { ...all, ...length, ...part } });
}

function isKnown(header: string | undefined, quoted: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === quoted);
}

/** Undefined: there is none that counts, so the whole is wanted. */
function readRange(header: string | undefined, size: number): ByteRange | "outside" | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const count = Math.min(Number(to), size);
    return count === 0 ? "outside" : { start: size - count, end: size - 1 };
  }
  const [start, end] = [Number(from), to === "" ? size - 1 : Math.min(Number(to), size - 1)];
  if (to !== "" && Number(to) < start) return undefined;
  return start >= size ? "outside" : { start, end };
}
