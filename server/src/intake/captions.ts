/** Captions that come with the pictures: a table for all of them, or a text beside each. Their words are read later, in Python. */
import { type ArchiveEntry, baseName, stem } from "./entry.ts";
import { CAPTION_BYTES_MAX, CAPTION_TABLE_BYTES_MAX } from "./limits.ts";

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

  /** Whether an entry is a caption by its name; if so it is read. A string says why it is passed over. */
  async take(entry: ArchiveEntry): Promise<boolean | string> {
    const base = baseName(entry.name).toLowerCase();
    if (/^captions?\.csv$/.test(base)) {
      if (this.#table !== undefined) return `only one table of captions is read, ${this.#table.name}`;
      const bytes = await readText(entry, CAPTION_TABLE_BYTES_MAX);
      if (typeof bytes === "string") return bytes;
      this.#table = { file: "captions.csv", name: entry.name, bytes };
      return true;
    }
    if (!base.endsWith(".txt")) return false;
    const bytes = await readText(entry, CAPTION_BYTES_MAX);
    if (typeof bytes === "string") return bytes;
    this.#texts.push({ name: entry.name, bytes });
    return true;
  }

  /** The captions of these images, and the texts that stand beside none of them. */
  match(images: readonly { file: string; name: string }[]): {
    found: FoundCaption[];
    skipped: { name: string; reason: string }[];
  } {
    const texts = new Map(this.#texts.map((text) => [stem(text.name), text]));
    const found = images.flatMap((image): FoundCaption[] => {
      const text = texts.get(stem(image.name));
      return text === undefined ? [] : [{ ...text, file: `${stem(image.file)}.txt` }];
    });
    const used = new Set(found.map((caption) => caption.name));
    const skipped = this.#texts
      .filter((text) => !used.has(text.name))
      .map(({ name }) => ({ name, reason: "a text with no picture of its name" }));
    return { found: this.#table === undefined ? found : [this.#table, ...found], skipped };
  }
}

/** The bytes, or why they are not read. */
async function readText(entry: ArchiveEntry, bytesMax: number): Promise<Uint8Array | string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of entry.read()) {
    size += chunk.length;
    if (size <= bytesMax) chunks.push(chunk);
  }
  return size > bytesMax ? "too long for a caption" : Buffer.concat(chunks);
}
