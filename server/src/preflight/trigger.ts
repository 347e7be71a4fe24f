/** Whether a text holds a token string as a whole word: as models/sdxl/words.py reads it, which trains by the answer. */

/** The token string may hold any characters; it is compared as it is, never read as a pattern. */
export function containsWord(text: string, tokenString: string): boolean {
  if (tokenString === "") return false;
  for (let at = text.indexOf(tokenString); at >= 0; at = text.indexOf(tokenString, at + 1)) {
    const before = [...text.slice(0, at)].at(-1);
    const after = [...text.slice(at + tokenString.length)][0];
    const [first, last] = [[...tokenString][0], [...tokenString].at(-1)];
    if (!(isInWord(before) && isInWord(first)) && !(isInWord(after) && isInWord(last))) return true;
  }
  return false;
}

/** Several concepts stand between commas: TOK,HAT. */
export function readTokenStrings(text: string): string[] {
  return [...new Set(text.split(",").map((token) => token.trim()))].filter((token) => token !== "");
}

function isInWord(character: string | undefined): boolean {
  return character !== undefined && /^[\p{L}\p{M}\p{N}_]$/u.test(character);
}
