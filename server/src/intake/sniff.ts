/** What bytes are, told by the bytes themselves: a name is only what somebody called them. */

export type ArchiveFormat = "zip" | "tar" | "gzip";
export type ImageFormat = "jpeg" | "png" | "webp" | "avif";

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
  if (startsWith(head, "RIFF") && head.toString("latin1", 8, 12) === "WEBP") return "webp";
  return brands(head).some((brand) => brand === "avif" || brand === "avis") ? "avif" : undefined;
}

/** What else it is, in words, as far as people are likely to send it. */
export function describeContent(head: Buffer): string {
  const image = imageFormat(head);
  return image === undefined ? identify(head)[0] : `a picture (${image.toUpperCase()})`;
}

/** What its owner can do about a file that is no picture which can be read. */
export function adviseOnContent(head: Buffer): string {
  return identify(head)[1];
}

const UNPACK = "Unpack it, and put the pictures themselves into the archive.";
const EXPORT = "Export it as JPEG or PNG.";

type Identity = readonly [words: string, fix: string];

function identify(head: Buffer): Identity {
  if (head.length === 0) return ["an empty file", "Put the picture into the archive again."];
  if (archiveFormat(head) !== undefined) return ["an archive", UNPACK];
  if (brands(head).some((brand) => /^(?:hei[cxms]|hev[cxms]|mif1)$/.test(brand)))
    return ["an HEIC picture", "Export it as JPEG."];
  const known = CONTENTS.find(
    ([signature, offset]) => head.toString("latin1", offset, offset + signature.length) === signature,
  );
  if (known !== undefined) return [known[2], known[3]];
  const text = head.toString("latin1").trimStart().toLowerCase();
  if (/^(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?(?:<!doctype svg[^>]*>\s*)?<svg/s.test(text))
    return ["an SVG drawing", "Export it as PNG, at least as large as the resolution that you train at."];
  if (/^<(?:!doctype html|html)/.test(text))
    return ["a web page", "Save the picture itself, not the page that shows it."];
  return ["no picture", "If it should be one, save it as JPEG or PNG."];
}

/** The kinds that a file of the ISO family (HEIC, AVIF, MP4) says it is of. */
function brands(head: Buffer): string[] {
  if (head.toString("latin1", 4, 8) !== "ftyp") return [];
  const text = head.toString("latin1", 8, Math.min(head.readUInt32BE(0), head.length));
  return (text.match(/.{4}/gs) ?? []).filter((_brand, index) => index !== 1); // the second is a version
}

const CONTENTS: readonly (readonly [signature: string, offset: number, ...Identity])[] = [
  ["Rar!\x1a\x07", 0, "a RAR archive", UNPACK],
  ["7z\xbc\xaf\x27\x1c", 0, "a 7z archive", UNPACK],
  ["BZh", 0, "a bzip2 file", UNPACK],
  ["\xfd7zXZ\x00", 0, "an xz file", UNPACK],
  ["\x28\xb5\x2f\xfd", 0, "a zstd file", UNPACK],
  ["GIF8", 0, "a GIF", "Save it as PNG."],
  ["BM", 0, "a BMP picture", "Save it as PNG."],
  ["II*\x00", 0, "a TIFF or raw picture", EXPORT],
  ["MM\x00*", 0, "a TIFF or raw picture", EXPORT],
  ["ftyp", 4, "a video", "Save the frames that you want as JPEG or PNG."],
  ["8BPS", 0, "a Photoshop file", EXPORT],
  ["%PDF", 0, "a PDF", "Export its pictures as JPEG or PNG."],
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
