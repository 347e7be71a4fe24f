/** What bytes are, told by the bytes themselves: a name is only what somebody called them. */

export type ArchiveFormat = "zip" | "tar" | "gzip";
export type ImageFormat = "jpeg" | "png" | "webp";

/** Enough of a file's start for every test here: a tar's first header. */
export const HEAD_BYTES = 512;

/** The archive formats that intake reads. */
export function archiveFormat(head: Buffer): ArchiveFormat | undefined {
  if (startsWith(head, "PK\x03\x04") || startsWith(head, "PK\x05\x06") || startsWith(head, "PK\x07\x08")) return "zip";
  if (startsWith(head, "\x1f\x8b")) return "gzip";
  return isTarHeader(head) ? "tar" : undefined;
}

/** The picture formats that a training reads. */
export function imageFormat(head: Buffer): ImageFormat | undefined {
  if (startsWith(head, "\xff\xd8\xff")) return "jpeg";
  if (startsWith(head, "\x89PNG\r\n\x1a\n")) return "png";
  return startsWith(head, "RIFF") && head.toString("latin1", 8, 12) === "WEBP" ? "webp" : undefined;
}

/** What else it is, in words, as far as people are likely to send it. */
export function describeContent(head: Buffer): string {
  if (head.length === 0) return "an empty file";
  const image = imageFormat(head);
  if (image !== undefined) return `a picture (${image.toUpperCase()})`;
  if (archiveFormat(head) !== undefined) return "an archive";
  const known = CONTENTS.find(
    ([signature, offset]) => head.toString("latin1", offset, offset + signature.length) === signature,
  );
  if (known !== undefined) return known[2];
  const text = head.toString("latin1").trimStart().toLowerCase();
  if (/^(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?(?:<!doctype svg[^>]*>\s*)?<svg/s.test(text)) return "an SVG drawing";
  return /^<(?:!doctype html|html)/.test(text) ? "a web page" : "no picture";
}

const CONTENTS: readonly (readonly [signature: string, offset: number, words: string])[] = [
  ["Rar!\x1a\x07", 0, "a RAR archive"],
  ["7z\xbc\xaf\x27\x1c", 0, "a 7z archive"],
  ["BZh", 0, "a bzip2 file"],
  ["\xfd7zXZ\x00", 0, "an xz file"],
  ["\x28\xb5\x2f\xfd", 0, "a zstd file"],
  ["GIF8", 0, "a GIF"],
  ["BM", 0, "a BMP picture"],
  ["II*\x00", 0, "a TIFF or raw picture"],
  ["MM\x00*", 0, "a TIFF or raw picture"],
  ["ftypheic", 4, "an HEIC picture"],
  ["ftypheix", 4, "an HEIC picture"],
  ["ftypmif1", 4, "an HEIC picture"],
  ["ftypavif", 4, "an AVIF picture"],
  ["ftyp", 4, "a video"],
  ["8BPS", 0, "a Photoshop file"],
  ["%PDF", 0, "a PDF"],
];

function startsWith(head: Buffer, signature: string): boolean {
  return head.toString("latin1", 0, signature.length) === signature;
}

/** A tar has no signature at its start: its first header carries a sum of its own bytes, or is all zeros when it is empty. */
function isTarHeader(head: Buffer): boolean {
  if (head.length < HEAD_BYTES) return false;
  const block = head.subarray(0, HEAD_BYTES);
  if (block.every((byte) => byte === 0)) return true;
  const declared = Number.parseInt(
    block
      .toString("latin1", 148, 156)
      .replace(/[\0 ]+$/, "")
      .trim(),
    8,
  );
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  return sum === declared;
}
