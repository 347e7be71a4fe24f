/** Captions that come with the pictures: a table for all of them, or a text beside each. Their words are read later, in Python. */
import { type ArchiveEntry, baseName, type Skip, stem } from "./entry.ts";
import { CAPTION_BYTES_MAX, CAPTION_TABLE_BYTES_MAX } from "./limits.ts";
import type { Skipped } from "./manifest.ts";
import { readText } from "./text.ts";

export interface FoundCaption {
  /** The name in the canonical archive. */
  file: string;
  /** The name in the user's archive. */
  name: string;
  bytes: Uint8Array;
}

export class Captions {
  #table: FoundCaption | undefined;
  readonly #texts: { name: string; bytes: Uint8Array }[] = [];

  /** Whether an entry is a caption by its name; if so it is read. A `Skip` says why it is passed over. */
  async take(entry: ArchiveEntry): Promise<boolean | Skip> {
    const base = baseName(entry.name).toLowerCase();
    if (/^captions?\.csv$/.test(base)) return this.#takeTable(entry);
    if (!base.endsWith(".txt")) return false;
    const bytes = await readText(entry, CAPTION_BYTES_MAX);
    if (bytes === undefined) return { reason: "too long for a caption", fix: "Shorten it to a sentence or two." };
    this.#texts.push({ name: entry.name, bytes });
    return true;
  }

  async #takeTable(entry: ArchiveEntry): Promise<true | Skip> {
    if (this.#table !== undefined) {
      const reason = `only one table of captions is read, ${this.#table.name}`;
      return { reason, fix: "Put all captions into one table." };
    }
    const bytes = await readText(entry, CAPTION_TABLE_BYTES_MAX);
    if (bytes === undefined) return { reason: "too long for a table of captions", fix: "Leave out its other columns." };
    this.#table = { file: "captions.csv", name: entry.name, bytes };
    return true;
  }

  /** The captions of these images, and the texts that stand beside none of them. */
  match(images: readonly { file: string; name: string }[]): {
    found: FoundCaption[];
    skipped: Skipped[];
  } {
    const texts = new Map(this.#texts.map((text) => [stem(text.name), text]));
    const found = images.flatMap((image): FoundCaption[] => {
      const text = texts.get(stem(image.name));
      return text === undefined ? [] : [{ ...text, file: `${stem(image.file)}.txt` }];
    });
    const used = new Set(found.map((caption) => caption.name));
    const skipped = this.#texts
      .filter((text) => !used.has(text.name))
      .map(({ name }) => ({
        name,
        reason: "a text with no picture of its name",
        fix: "If it is a caption, name it as its picture, with .txt at the end.",
      }));
    return { found: this.#table === undefined ? found : [this.#table, ...found], skipped };
  }
}
