/** Why an archive is refused whole, said in one sentence with the way out. */
import { HttpError } from "../errors.ts";
import { sizeInWords } from "../files/size.ts";
import { ENTRIES_MAX, ENTRY_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX, TOTAL_BYTES_MAX } from "./limits.ts";
import type { Skipped } from "./manifest.ts";

/** A 422 about the input `input_images`: what is wrong and what to do, and each entry that was looked at in vain. */
export class ArchiveRefused extends HttpError {
  readonly description: string;
  readonly skipped: readonly Skipped[];

  constructor(description: string, skipped: readonly Skipped[] = []) {
    const field = "input.input_images";
    super(422, `- ${field}: ${description}\n`, {
      title: "Input validation failed",
      invalidFields: [{ type: "archive", field, description }],
    });
    this.description = description;
    this.skipped = skipped;
  }
}

export function refuse(description: string): ArchiveRefused {
  return new ArchiveRefused(description);
}

export function refuseDamaged(): ArchiveRefused {
  return refuse("The archive is damaged or cut off. Make it again, or upload it again.");
}

/** Throws for an entry, or for all entries together (no name), that would unpack to more than may be read. */
export function checkSize(unpacked: number, packed: number, name?: string): void {
  const bytesMax = name === undefined ? TOTAL_BYTES_MAX : ENTRY_BYTES_MAX;
  const subject = name === undefined ? "The archive" : quoted(name);
  if (unpacked > bytesMax) {
    throw refuse(
      `${subject} unpacks to more than ${sizeInWords(bytesMax)}. Leave out what is no picture, or save the pictures smaller.`,
    );
  }
  if (unpacked > RATIO_FREE_BYTES && unpacked > RATIO_MAX * packed) {
    throw refuse(
      `${subject} unpacks to over ${RATIO_MAX} times its size, as only an archive made to do harm does. Make a zip of the pictures themselves.`,
    );
  }
}

export function checkCount(entries: number): void {
  if (entries > ENTRIES_MAX)
    throw refuse(`The archive has over ${ENTRIES_MAX} entries. Choose fewer pictures: 5 to 50 are plenty.`);
}

/** A name from the archive, fit to stand in a sentence. */
export function quoted(name: string): string {
  return `"${name.length > 120 ? `${name.slice(0, 117)}...` : name}"`;
}
