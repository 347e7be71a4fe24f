/** One entry of a user's archive, the same for zip and tar, and what its name alone decides. Nothing here touches a disk. */
import { quoted, refuse } from "./refusal.ts";

export interface ArchiveEntry {
  /** The name in the archive, with slashes, and without characters that would garble a log. Never used as a path. */
  name: string;
  kind: "file" | "folder" | "link" | "other";
  /** The bytes, to be read once, before the next entry is asked for; left alone they are skipped. */
  read(): AsyncIterable<Uint8Array>;
}

/** Why an entry is not used, and what its owner can do about it: null where nothing needs doing. */
export interface Skip {
  reason: string;
  fix: string | null;
}

/** An entry cannot be read although its neighbours can. */
export class EntryDamaged extends Error {
  readonly fix: string;

  constructor(reason: string, fix = "Make the archive again.") {
    super(reason);
    this.fix = fix;
  }
}

/** The name as it is kept. Throws the refusal of the whole archive when it leads out of the folder it is unpacked in. */
export function readName(raw: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to get rid of
  const name = raw.replaceAll("\\", "/").replace(/[\u0000-\u001f\u007f]/g, "\ufffd");
  if (/^(?:\/|[a-zA-Z]:)/.test(name) || name.split("/").includes("..")) {
    throw refuse(
      `The archive has an entry that leads out of it, ${quoted(name)}. Make a zip of the pictures' own folder.`,
    );
  }
  return name.replace(/^(?:\.\/)+/, "");
}

/** Why an entry is passed over before it is read, or undefined. */
export function reasonToSkip(entry: ArchiveEntry): Skip | undefined {
  if (entry.kind === "link") return { reason: "a link, not a file", fix: "Put the file itself into the archive." };
  if (entry.kind === "other") return { reason: "not a regular file", fix: null };
  const parts = entry.name.split("/");
  const isLitter =
    parts.includes("__MACOSX") || /^(?:thumbs\.db|ehthumbs\.db|desktop\.ini|icon\ufffd)$/i.test(baseName(entry.name));
  if (isLitter) return { reason: "left by the operating system", fix: null };
  return parts.some((part) => part.startsWith(".")) ? { reason: "a hidden file", fix: null } : undefined;
}

export function baseName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** The name without its extension, folders kept: what a picture and the caption beside it share. */
export function stem(name: string): string {
  const base = baseName(name);
  const dot = base.lastIndexOf(".");
  return dot > 0 ? name.slice(0, name.length - base.length + dot) : name;
}
