/** Masks that come with the pictures: `fox_mask.png` or `fox.mask.png` beside `fox.jpg`. Knows only names. */
import { stem } from "./entry.ts";

const MASK = /(?:_mask|\.mask)$/i;

/** True for a picture that may be the mask of another: it is one when that other is there too. */
export function isMaskName(name: string): boolean {
  return MASK.test(stem(name));
}

/** What a mask and its picture share. */
export function maskStem(name: string): string {
  return stem(name).replace(MASK, "");
}
