/** Which pictures of an archive are the same, and which look almost so. */
import type { CanonicalArchive, ManifestImage } from "../intake/manifest.ts";

/** Of the 64 bits of a picture's look so many may differ. */
const ALIKE_BITS_MAX = 6;

/** Each later picture with the bytes of an earlier one, behind that one. */
export function findDuplicates(images: readonly ManifestImage[]): [ManifestImage, ManifestImage][] {
  const first = new Map<string, ManifestImage>();
  return images.flatMap((image): [ManifestImage, ManifestImage][] => {
    const earlier = first.get(image.sha256);
    if (earlier === undefined) first.set(image.sha256, image);
    return earlier === undefined ? [] : [[earlier, image]];
  });
}

/** For each later picture that looks almost like an earlier one, that one, by file; the same bytes are no likeness. */
export function findAlike({ images, looks }: CanonicalArchive): Map<string, ManifestImage> {
  const bits = images.map(({ file }) => halves(looks[file] ?? ""));
  const alike = new Map<string, ManifestImage>();
  images.forEach((image, index) => {
    const earlier = images.find(
      (other, place) =>
        place < index && other.sha256 !== image.sha256 && differing(bits[place], bits[index]) <= ALIKE_BITS_MAX,
    );
    if (earlier !== undefined) alike.set(image.file, earlier);
  });
  return alike;
}

type Halves = readonly [number, number];

function halves(look: string): Halves {
  return [Number.parseInt(look.slice(0, 8), 16), Number.parseInt(look.slice(8), 16)];
}

function differing(a: Halves = [0, 0], b: Halves = [0, 0]): number {
  return countBits(a[0] ^ b[0]) + countBits(a[1] ^ b[1]);
}

function countBits(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}
