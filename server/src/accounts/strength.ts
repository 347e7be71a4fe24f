/** How hard a token of somebody's own choosing is to guess, at best. */

export const STRENGTH_BITS_MIN = 128;

const ALPHABETS: [pattern: RegExp, size: number][] = [
  [/^[0-9]*$/, 10],
  [/^[0-9a-f]*$|^[0-9A-F]*$/, 16],
  [/^[0-9a-z]*$|^[0-9A-Z]*$/, 36],
];

/**
 * The bits of a text of this length whose characters were drawn evenly from the smallest common alphabet that holds
 * them. A text that only looks random has fewer; one of few different characters has none to speak of.
 */
export function strengthBits(token: string): number {
  const size = ALPHABETS.find(([pattern]) => pattern.test(token))?.[1] ?? 64;
  return new Set(token).size < 8 ? 0 : token.length * Math.log2(size);
}
