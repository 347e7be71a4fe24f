/** What a run warns of while it goes on: the lines of its log that begin with `Warning: `, as models print them. */

const BEGINNING = "Warning: ";

/** The warnings in whole lines of a log, without their beginning. */
export function readWarnings(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.startsWith(BEGINNING));
  return lines.map((line) => line.slice(BEGINNING.length).trim());
}
