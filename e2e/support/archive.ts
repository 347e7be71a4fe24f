/** The smallest archive that a training takes: a tar with one picture, another one for each seed. */
import { buffer } from "node:stream/consumers";
import { crc32, deflateSync } from "node:zlib";
import tar from "tar-stream";

const SIDE = 32; // pixels

export async function archiveOf(seed: number): Promise<Uint8Array> {
  const pack = tar.pack();
  pack.entry({ name: "picture.png" }, Buffer.from(picture(seed)));
  pack.finalize();
  return buffer(pack);
}

/** A PNG in one colour. */
export function picture(seed: number): Uint8Array {
  const colour = Buffer.from([seed & 255, (seed >> 8) & 255, (seed >> 16) & 255]);
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: SIDE }, () => colour)]);
  const header = Buffer.from([0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 2, 0, 0, 0]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: SIDE }, () => row)));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
