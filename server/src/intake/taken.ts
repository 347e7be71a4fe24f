/** A picture taken out of a user's archive, decoded once and lying on the disk, before it is decided what it is there for. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { type Measured, measurePicture } from "./decoder.ts";
import type { ArchiveEntry, Skip } from "./entry.ts";
import { SIDE_PIXELS_MIN } from "./limits.ts";
import { copyPicture, type Measure } from "./picture.ts";
import type { ImageFormat } from "./sniff.ts";

/** `path`, `size`, `sha256` and `checksum` (CRC-32) are of the bytes that are kept. */
export interface TakenPicture extends Measure {
  name: string;
  path: string;
  format: ImageFormat;
  width: number;
  height: number;
  look: string;
  notes: string[];
}

/** A picture's bytes, copied; what is in them is not known yet. */
export interface CopiedPicture extends Measure {
  name: string;
  path: string;
  format: ImageFormat;
}

/** Copies an entry to `path`, or says why it is no picture. */
export async function copyEntry(entry: ArchiveEntry, path: string): Promise<CopiedPicture | Skip> {
  const copied = await copyPicture(entry, path);
  return "reason" in copied ? copied : { name: entry.name, path, ...copied };
}

/** Decodes a copied picture, or says why it cannot be used. A huge one is replaced by a smaller copy. */
export async function decodeCopy(copied: CopiedPicture): Promise<TakenPicture | Skip> {
  const smaller = `${copied.path}-smaller`;
  const measured = await measurePicture(copied.path, smaller);
  if (measured === "damaged") return { reason: "damaged: it cannot be decoded", fix: "Export or copy it again." };
  if (measured === "too large") return { reason: "larger than 256 megapixels", fix: "Save it smaller." };
  const { width, height, bits } = measured;
  if (Math.min(width, height) < SIDE_PIXELS_MIN) {
    return { reason: `smaller than ${SIDE_PIXELS_MIN} pixels`, fix: "Use a larger version of it." };
  }
  const taken = { ...copied, width, height, look: bits, notes: notesOn(measured) };
  if (measured.smaller === undefined) return taken;
  return { ...taken, path: smaller, format: measured.smaller, ...(await measureFile(smaller)) };
}

function notesOn({ animated, seeThrough, smaller, megapixels, width, height }: Measured): string[] {
  return [
    ...(animated ? ["animated: its first frame is used"] : []),
    ...(seeThrough ? ["transparent in places"] : []),
    ...(smaller === undefined ? [] : [`${megapixels} megapixels: made smaller, to ${width} × ${height}`]),
  ];
}

async function measureFile(path: string): Promise<Measure> {
  const hash = createHash("sha256");
  let size = 0;
  let checksum = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    size += chunk.length;
    checksum = crc32(chunk, checksum);
  }
  return { size, sha256: hash.digest("hex"), checksum };
}
