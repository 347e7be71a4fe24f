/** The images of a training as a set of named files in the browser: read from what is dropped, packed into one zip. */
import { unzipSync, zipSync } from "fflate";

/** One file of the set. `url` shows it where the browser can. */
export interface Entry {
  name: string;
  blob: Blob;
  url: string | undefined;
}

const TYPES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  avif: "image/avif",
};
/** Larger archives are sent as they are and not looked into here. */
const UNPACKED_BYTES_MAX = 300_000_000;

export function isZip(file: Blob & { name?: string }): boolean {
  return file.type === "application/zip" || /\.zip$/i.test(file.name ?? "");
}

export function isTar(file: Blob & { name?: string }): boolean {
  return /\.(tar|tgz|tar\.gz)$/i.test(file.name ?? "");
}

/** Undefined where the zip is too large for that, or cannot be read here; the server's own check says why. */
export async function unpack(zip: Blob): Promise<Entry[] | undefined> {
  if (zip.size > UNPACKED_BYTES_MAX) return undefined;
  try {
    let bytes = 0;
    const files = unzipSync(new Uint8Array(await zip.arrayBuffer()), {
      filter: ({ name, originalSize }) => {
        bytes += originalSize;
        return !isJunk(name) && bytes <= UNPACKED_BYTES_MAX;
      },
    });
    return Object.entries(files).map(([name, content]) => entryOf(name, new Blob([content], { type: typeOf(name) })));
  } catch {
    return undefined;
  }
}

/** A zip without compression: pictures have theirs. */
export async function pack(entries: Entry[]): Promise<Blob> {
  const files: Record<string, Uint8Array> = {};
  for (const { name, blob } of entries) files[name] = new Uint8Array(await blob.arrayBuffer());
  return new Blob([zipSync(files, { level: 0 })], { type: "application/zip" });
}

export function entryOf(name: string, blob: Blob): Entry {
  return { name, blob, url: typeOf(name) === undefined ? undefined : URL.createObjectURL(blob) };
}

/** Both sets; a name that is taken gets a number, so that no file takes another's place. */
export function join(entries: Entry[], more: Entry[]): Entry[] {
  const names = new Set(entries.map(({ name }) => name));
  return [
    ...entries,
    ...more.map((entry) => {
      let name = entry.name;
      for (let number = 2; names.has(name); number++) name = entry.name.replace(/(\.[^.]*)?$/, ` (${number})$1`);
      names.add(name);
      return { ...entry, name };
    }),
  ];
}

/** The files of a drop, those in folders too. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const roots = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((root) => root !== null);
  if (roots.length === 0) return [...transfer.files];
  return (await Promise.all(roots.map(filesUnder))).flat();
}

async function filesUnder(root: FileSystemEntry): Promise<File[]> {
  if (root instanceof FileSystemFileEntry)
    return [await new Promise<File>((resolve, reject) => root.file(resolve, reject))];
  if (!(root instanceof FileSystemDirectoryEntry)) return [];
  const reader = root.createReader();
  const found: FileSystemEntry[] = [];
  // A reader gives a hundred at a time, and none when it is through.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(filesUnder))).flat();
}

function typeOf(name: string): string | undefined {
  return TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()];
}

/** Folders, and what operating systems leave behind. */
function isJunk(name: string): boolean {
  return name.endsWith("/") || /(^|\/)(__MACOSX\/|\.)/.test(name);
}
