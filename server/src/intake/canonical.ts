/**
 * Makes the canonical archive of a user's: the pictures that decode, under names of our own, the masks and captions found
 * with them, and a manifest that says where each came from and what was left out. Only such archives are ever opened by
 * Python.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BlobStore } from "../files/blobs.ts";
import { explainDiskError } from "../files/disk.ts";
import { Captions } from "./captions.ts";
import { type ArchiveEntry, baseName, EntryDamaged, reasonToSkip, type Skip, stem } from "./entry.ts";
import { DATASET_BYTES_MAX } from "./limits.ts";
import type { CanonicalArchive, Manifest } from "./manifest.ts";
import { isMaskName, maskStem } from "./masks.ts";
import { ArchiveRefused, quoted, refuse } from "./refusal.ts";
import type { ImageFormat } from "./sniff.ts";
import { StoredZip } from "./stored-zip.ts";
import { type CopiedPicture, copyEntry, decodeCopy, type TakenPicture } from "./taken.ts";
import { readText } from "./text.ts";

const EXTENSIONS: Record<ImageFormat, string> = { jpeg: "jpg", png: "png", webp: "webp", avif: "avif" };
const REASONS_MAX = 10;

/** Reads the entries once and keeps the result as a blob. Throws the refusal of the whole archive; then nothing is kept. */
export async function writeCanonical(
  blobs: BlobStore,
  entries: AsyncIterable<ArchiveEntry>,
): Promise<CanonicalArchive> {
  const folder = blobs.incomingPath();
  try {
    await mkdir(folder);
    const path = join(folder, "canonical");
    const zip = await StoredZip.create(path);
    try {
      const writer = new CanonicalWriter(zip, folder);
      const manifest = await writer.write(entries);
      const written = await zip.finish();
      await blobs.adopt(path, written.sha256);
      return { ...manifest, ...written, looks: writer.looks };
    } finally {
      await zip.close();
    }
  } catch (error) {
    throw explainDiskError(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class CanonicalWriter {
  readonly looks: Record<string, string> = {};
  readonly #zip: StoredZip;
  readonly #folder: string;
  readonly #manifest: Manifest = { images: [], captions: [], skipped: [] };
  readonly #captions = new Captions();
  /** Pictures named as masks are: whose, if anybody's, is known when all have been seen. */
  readonly #aside: TakenPicture[] = [];
  #dataset: Uint8Array | undefined;
  #count = 0;

  constructor(zip: StoredZip, folder: string) {
    this.#zip = zip;
    this.#folder = folder;
  }

  async write(entries: AsyncIterable<ArchiveEntry>): Promise<Manifest> {
    // While one picture is decoded, by the child, the one before it is added and the next one is copied.
    let settled: Promise<void> = Promise.resolve();
    try {
      for await (const entry of entries) {
        if (entry.kind === "folder") continue;
        this.#count += 1;
        const taken = reasonToSkip(entry) ?? (await this.#take(entry));
        const decoded = decode(taken);
        decoded.catch(() => {}); // heard when it is settled, unless the one before it breaks all off
        await settled;
        settled = this.#settle(entry.name, taken, decoded);
        settled.catch(() => {}); // heard at the next entry
      }
    } finally {
      await settled;
    }
    await this.#addAside();
    if (this.#manifest.images.length === 0) throw refuseWithoutImage(this.#count, this.#manifest.skipped);
    await this.#addTexts();
    await this.#zip.addBytes("manifest.json", Buffer.from(JSON.stringify(this.#manifest)));
    return this.#manifest;
  }

  /** Reads an entry: a picture to be decoded, `true` for what is kept already, or why it is passed over. */
  async #take(entry: ArchiveEntry): Promise<CopiedPicture | true | Skip> {
    try {
      const caption = await this.#captions.take(entry);
      if (caption !== false) return caption;
      if (baseName(entry.name) === "dataset.json" && this.#dataset === undefined) {
        this.#dataset = await readText(entry, DATASET_BYTES_MAX);
        return this.#dataset === undefined ? { reason: "too long for a dataset.json", fix: "Leave it out." } : true;
      }
      return await copyEntry(entry, join(this.#folder, String(this.#count)));
    } catch (error) {
      if (error instanceof EntryDamaged) return { reason: error.message, fix: error.fix };
      throw error;
    }
  }

  async #settle(
    name: string,
    taken: CopiedPicture | true | Skip,
    decoded: Promise<TakenPicture | true | Skip>,
  ): Promise<void> {
    const picture = await decoded;
    if (picture === true) return;
    if ("reason" in picture) this.#manifest.skipped.push({ name, reason: picture.reason, fix: picture.fix });
    else if (isMaskName(name)) this.#aside.push(picture);
    else await this.#addPicture(picture);
    // A smaller copy has taken the place of what was copied, or nothing has.
    const copy = taken === true || "reason" in taken ? undefined : taken.path;
    if (copy !== undefined && ("reason" in picture || picture.path !== copy)) await rm(copy);
  }

  async #addPicture(picture: TakenPicture): Promise<void> {
    const { name, sha256, size, width, height, notes } = picture;
    const file = `${String(this.#manifest.images.length + 1).padStart(4, "0")}.${EXTENSIONS[picture.format]}`;
    await this.#zip.addFile(file, picture.path, size, picture.checksum);
    await rm(picture.path);
    this.looks[file] = picture.look;
    this.#manifest.images.push({ file, name, sha256, size, width, height, notes });
  }

  /** A picture named as a mask is one where its picture is there, and else a picture like any other. */
  async #addAside(): Promise<void> {
    const pictured = new Set(this.#manifest.images.map(({ name }) => stem(name)));
    const masks = this.#aside.filter(({ name }) => pictured.has(maskStem(name)));
    for (const picture of this.#aside) if (!masks.includes(picture)) await this.#addPicture(picture);
    for (const image of this.#manifest.images) {
      const mask = masks.find(({ name }) => maskStem(name) === stem(image.name));
      if (mask === undefined) continue;
      image.mask = `${stem(image.file)}.mask.${EXTENSIONS[mask.format]}`;
      await this.#zip.addFile(image.mask, mask.path, mask.size, mask.checksum);
    }
  }

  async #addTexts(): Promise<void> {
    const { found, skipped } = this.#captions.match(this.#manifest.images);
    this.#manifest.skipped.push(...skipped);
    for (const { file, name, bytes } of found) {
      await this.#zip.addBytes(file, bytes);
      this.#manifest.captions.push({ file, name });
    }
    if (this.#dataset === undefined) return;
    await this.#zip.addBytes("dataset.json", this.#dataset);
    this.#manifest.dataset = "dataset.json";
  }
}

async function decode(taken: CopiedPicture | true | Skip): Promise<TakenPicture | true | Skip> {
  return taken === true || "reason" in taken ? taken : decodeCopy(taken);
}

function refuseWithoutImage(count: number, skipped: Manifest["skipped"]): ArchiveRefused {
  if (count === 0) return refuse("The archive is empty. Put JPEG, PNG, WebP or AVIF pictures into it.");
  const reasons = skipped.slice(0, REASONS_MAX).map(({ name, reason }) => `${quoted(name)} is ${reason}`);
  const rest = skipped.length > reasons.length ? `, and ${skipped.length - reasons.length} more` : "";
  return new ArchiveRefused(
    `The archive has no picture that can be read: ${reasons.join("; ")}${rest}. Put JPEG, PNG, WebP or AVIF pictures into it.`,
    skipped,
  );
}
