/** How much removing a file or a folder frees. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of the file, or of all files in the folder; one that has another name elsewhere is not freed with it. Undefined: it is not there. */
export async function bytesOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isFile()) return found.nlink > 1 ? 0 : found.size;
  const names = await readdir(path, { recursive: true });
  const files = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
  return files.reduce((sum, file) => sum + (file?.isFile() && file.nlink === 1 ? file.size : 0), 0);
}
