/** Zips and tars of any shape, honest or not, made byte by byte, and pictures to put into them. */
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { type Header, pack } from "tar-stream";

export interface ZipPart {
  name: string | Buffer;
  data?: Uint8Array;
  /** 8 (deflate) unless told. */
  method?: number;
  flags?: number;
  /** Unix mode. */
  mode?: number;
  /** What the headers claim, when it is not the truth. */
  claims?: { unpacked?: number; packed?: number; checksum?: number; headerStart?: number };
  /** The bytes as they stand in the archive, when they are not what `data` packs to. */
  packed?: Uint8Array;
  /** Sizes and checksum follow the data, as streaming writers do it. */
  withDescriptor?: boolean;
}

export function makeZip(parts: ZipPart[], claims: { count?: number; disk?: number } = {}): Buffer {
  const bodies: Buffer[] = [];
  const table: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const { local, listed } = encodePart(part, offset);
    bodies.push(local);
    table.push(listed);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(claims.disk ?? 0, 4);
  end.writeUInt16LE(claims.count ?? parts.length, 8);
  end.writeUInt16LE(claims.count ?? parts.length, 10);
  end.writeUInt32LE(Buffer.concat(table).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...table, end]);
}

function encodePart(part: ZipPart, offset: number): { local: Buffer; listed: Buffer } {
  const name = typeof part.name === "string" ? Buffer.from(part.name) : part.name;
  const data = part.data ?? Buffer.alloc(0);
  const method = part.method ?? 8;
  const packed = part.packed ?? (method === 8 ? deflateRawSync(data) : data);
  const isText = typeof part.name === "string" ? 0x800 : 0;
  const facts = Buffer.alloc(22);
  facts.writeUInt16LE((part.flags ?? 0) | isText | (part.withDescriptor ? 8 : 0), 0);
  facts.writeUInt16LE(method, 2);
  facts.writeUInt32LE(part.claims?.checksum ?? crc32(data), 8);
  facts.writeUInt32LE(part.claims?.packed ?? packed.length, 12);
  facts.writeUInt32LE(part.claims?.unpacked ?? data.length, 16);
  facts.writeUInt16LE(name.length, 20);
  const local = Buffer.concat([Buffer.from("PK\x03\x04\x14\x00", "latin1"), facts, Buffer.alloc(2), name, packed]);
  const listed = Buffer.alloc(46);
  listed.write("PK\x01\x02\x14\x03\x14\x00", 0, "latin1");
  facts.copy(listed, 8);
  listed.writeUInt32LE((part.mode ?? 0o100644) * 0x10000, 38);
  listed.writeUInt32LE(part.claims?.headerStart ?? offset, 42);
  if (!part.withDescriptor) return { local, listed: Buffer.concat([listed, name]) };
  const descriptor = Buffer.concat([Buffer.from("PK\x07\x08", "latin1"), facts.subarray(8, 20)]);
  local.fill(0, 14, 26);
  return { local: Buffer.concat([local, descriptor]), listed: Buffer.concat([listed, name]) };
}

export interface TarPart {
  name: string;
  data?: Uint8Array;
  type?: Header["type"];
  linkname?: string;
}

export async function makeTar(parts: TarPart[], { gzip = false } = {}): Promise<Buffer> {
  const tar = pack();
  for (const { name, data = Buffer.alloc(0), type = "file", linkname } of parts) {
    tar.entry({ name, type, ...(linkname === undefined ? {} : { linkname }), mtime: new Date(0) }, Buffer.from(data));
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return gzip ? gzipSync(bytes) : bytes;
}

/** A picture of noise-free stripes; another `seed`, another picture. */
export async function makePicture(
  format: "png" | "jpeg" | "webp" | "gif" = "png",
  side = 32,
  seed = 1,
): Promise<Buffer> {
  const pixels = Buffer.alloc(side * side * 3, 0);
  for (let index = 0; index < pixels.length; index++) pixels[index] = (index * seed * 7 + (index >> 5) * 13) & 0xff;
  return sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}
