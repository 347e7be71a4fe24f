/** Which caption each picture of a canonical archive has: from the table, from the text beside it, or none yet. */
import { Readable } from "node:stream";
import type { CaptionSource } from "@easel/contract";
import type { BlobStore } from "../files/blobs.ts";
import { stem } from "../intake/entry.ts";
import type { CanonicalArchive } from "../intake/manifest.ts";
import { findRow, oneLine, readCaptionTable } from "./table.ts";

export interface Caption {
  /** Null: one will be made. */
  text: string | null;
  source: CaptionSource;
}

export interface ArchiveCaptions {
  /** By the image's file in the canonical archive. */
  byFile: Map<string, Caption>;
  /** The table's name, and what is wrong with it. */
  table: { name: string; readable: boolean; rowsWithoutImage: string[] } | undefined;
}

export async function readCaptions(blobs: BlobStore, archive: CanonicalArchive): Promise<ArchiveCaptions> {
  const entry = archive.captions.find(({ file }) => file === "captions.csv");
  const rows = entry && readCaptionTable(await readPlace(blobs, archive, entry.file));
  const used = new Set<string>();
  const byFile = new Map<string, Caption>();
  for (const image of archive.images) {
    const row = rows && findRow(rows, image.name);
    if (row !== undefined) used.add(row);
    byFile.set(image.file, await captionOf(blobs, archive, image.file, row === undefined ? undefined : rows?.get(row)));
  }
  const rowsWithoutImage = [...(rows?.keys() ?? [])].filter((row) => !used.has(row));
  return { byFile, table: entry && { name: entry.name, readable: rows !== undefined, rowsWithoutImage } };
}

async function captionOf(
  blobs: BlobStore,
  archive: CanonicalArchive,
  file: string,
  fromTable: string | undefined,
): Promise<Caption> {
  if (fromTable !== undefined) return { text: fromTable, source: "csv" };
  const beside = `${stem(file)}.txt`;
  if (archive.places[beside] === undefined) return { text: null, source: "made" };
  const text = oneLine(new TextDecoder().decode(await readPlace(blobs, archive, beside)));
  return text === "" ? { text: null, source: "made" } : { text, source: "txt" };
}

async function readPlace(blobs: BlobStore, archive: CanonicalArchive, file: string): Promise<Buffer> {
  const place = archive.places[file];
  if (place === undefined) throw new Error(`The archive ${archive.sha256} has no ${file}.`);
  if (place.size === 0) return Buffer.alloc(0);
  const bytes = blobs.open(archive.sha256, { start: place.start, end: place.start + place.size - 1 });
  return Buffer.concat(await Readable.from(bytes).toArray());
}
