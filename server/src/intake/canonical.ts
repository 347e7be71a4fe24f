/**
 * Makes the canonical archive of a user's: the pictures that decode, under names of our own, the captions found with them,
 * and a manifest that says where each came from and what was left out. Only such archives are ever opened by Python.
 */
import { rm } from "node:fs/promises";
import type { BlobStore } from "../files/blobs.ts";
import { explainDiskError } from "../files/disk.ts";
import { Captions } from "./captions.ts";
import { measurePicture } from "./decoder.ts";
import { type ArchiveEntry, EntryDamaged, reasonToSkip } from "./entry.ts";
import { SIDE_PIXELS_MIN } from "./limits.ts";
import { copyPicture } from "./picture.ts";
import { quoted, refuse } from "./refusal.ts";
import type { ImageFormat } from "./sniff.ts";
import { StoredZip } from "./stored-zip.ts";

const EXTENSIONS: Record<ImageFormat, string> = { jpeg: "jpg", png: "png", webp: "webp" };

export interface Manifest {
  /** In the order of the user's archive. `name` is the name there; `file`, `sha256` and `size` (bytes) are of the copy. */
  images: { file: string; name: string; sha256: string; size: number }[];
  captions: { file: string; name: string }[];
  skipped: { name: string; reason: string }[];
}

export interface CanonicalArchive extends Manifest {
  sha256: string;
  /** Bytes of the canonical archive. */
  size: number;
}

/** Reads the entries once and keeps the result as a blob. Throws the refusal of the whole archive; then nothing is kept. */
export async function writeCanonical(
  blobs: BlobStore,
  entries: AsyncIterable<ArchiveEntry>,
): Promise<CanonicalArchive> {
  const path = blobs.incomingPath();
  try {
    const zip = await StoredZip.create(path);
    try {
      const manifest = await fill(zip, blobs, entries);
      const written = await zip.finish();
      await blobs.adopt(path, written.sha256);
      return { ...written, ...manifest };
    } finally {
      await zip.close();
    }
  } catch (error) {
    throw explainDiskError(error);
  } finally {
    await rm(path, { force: true });
  }
}

async function fill(zip: StoredZip, blobs: BlobStore, entries: AsyncIterable<ArchiveEntry>): Promise<Manifest> {
  const manifest: Manifest = { images: [], captions: [], skipped: [] };
  const captions = new Captions();
  let count = 0;
  for await (const entry of entries) {
    if (entry.kind === "folder") continue;
    count += 1;
    const reason = reasonToSkip(entry) ?? (await take(entry, zip, blobs, captions, manifest));
    if (reason !== undefined) manifest.skipped.push({ name: entry.name, reason });
  }
  if (manifest.images.length === 0) throw refuseWithoutImage(count, manifest.skipped);
  const { found, skipped } = captions.match(manifest.images);
  manifest.skipped.push(...skipped);
  for (const { file, name, bytes } of found) {
    await zip.addBytes(file, bytes);
    manifest.captions.push({ file, name });
  }
  await zip.addBytes("manifest.json", Buffer.from(JSON.stringify(manifest)));
  return manifest;
}

/** Adds an entry to the archive or to the captions; a string says why it is passed over. */
async function take(
  entry: ArchiveEntry,
  zip: StoredZip,
  blobs: BlobStore,
  captions: Captions,
  manifest: Manifest,
): Promise<string | undefined> {
  const path = blobs.incomingPath();
  try {
    const caption = await captions.take(entry);
    if (caption !== false) return caption === true ? undefined : caption;
    const copy = await copyPicture(entry, path);
    if ("reason" in copy) return copy.reason;
    const measured = await measurePicture(path);
    if (measured === undefined) return "damaged: it cannot be decoded";
    if (Math.min(measured.width, measured.height) < SIDE_PIXELS_MIN) return `smaller than ${SIDE_PIXELS_MIN} pixels`;
    const file = `${String(manifest.images.length + 1).padStart(4, "0")}.${EXTENSIONS[copy.format]}`;
    await zip.addFile(file, path, copy.size, copy.checksum);
    manifest.images.push({ file, name: entry.name, sha256: copy.sha256, size: copy.size });
    return undefined;
  } catch (error) {
    if (error instanceof EntryDamaged) return error.message;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

function refuseWithoutImage(count: number, skipped: Manifest["skipped"]): Error {
  if (count === 0) return refuse("The archive is empty. Put JPEG, PNG or WebP pictures into it.");
  const reasons = skipped.slice(0, 3).map(({ name, reason }) => `${quoted(name)} is ${reason}`);
  const rest = skipped.length > reasons.length ? `, and ${skipped.length - reasons.length} more` : "";
  return refuse(
    `The archive has no picture that can be read: ${reasons.join("; ")}${rest}. Put JPEG, PNG or WebP pictures into it.`,
  );
}
