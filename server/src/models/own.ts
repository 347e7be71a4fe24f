/**
 * Cog models of people's own: a folder is copied once and kept under the hash of its content, so that a version stays
 * what it was, whatever is edited afterwards. Knows nothing of Python.
 */
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import type { Context } from "../context.ts";
import { type HttpError, invalidInput } from "../errors.ts";
import { makeFolderDurably, renameDurably, syncPath } from "../files/durable.ts";
import { hashFile } from "../files/hash.ts";
import { newInternalId, sha256Hex } from "../ids.ts";

const PREFIX = "own/";
/** What tools leave in a folder and no model reads. */
const LITTER = [".git", ".venv", "venv", "node_modules", "__pycache__", ".cog", ".pytest_cache", ".ruff_cache"];
const FILES_MAX = 10_000;

/** Whether a version's program is a folder of somebody's own: its trainings get their files as they were sent. */
export function isOwnProgram(program: string): boolean {
  return program.startsWith(PREFIX);
}

/** Where an own program lies. */
export function ownFolder(context: Pick<Context, "config">, program: string): string {
  return join(context.config.dataFolder, program);
}

/**
 * Copies a folder of this machine, and gives its program's name with what `describe` says of it; the same content gives
 * the same. Links are followed. Throws 422 when there is no such folder, or it holds more than a model would, and what
 * `describe` throws: no copy stays of what is no model.
 */
export async function keepFolder<Description>(
  context: Context,
  folder: string,
  describe: (program: string) => Promise<Description>,
): Promise<{ program: string; description: Description }> {
  if (!isAbsolute(folder) || !(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw refuse(`There is no folder ${folder} on the server's machine. Give the absolute path of one that is there`);
  }
  const root = join(context.config.dataFolder, "own");
  const partial = join(root, `${newInternalId()}.partial`);
  await makeFolderDurably(root);
  try {
    const files = await copyFolder(folder, partial);
    const program = PREFIX + sha256Hex(files.map(({ path, sha256 }) => `${sha256} ${path}\n`).join(""));
    const kept = ownFolder(context, program);
    const isNew = (await stat(kept).catch(() => undefined)) === undefined;
    if (isNew) await renameDurably(partial, kept);
    try {
      return { program, description: await describe(program) };
    } catch (error) {
      if (isNew) await rm(kept, { recursive: true, force: true });
      throw error;
    }
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Its files by path, each copied, synced, and hashed as the copy has it. */
async function copyFolder(from: string, to: string): Promise<{ path: string; sha256: string }[]> {
  const files: { path: string; sha256: string }[] = [];
  const copy = async (path: string, above: number[]): Promise<void> => {
    const { ino } = await stat(join(from, path));
    if (above.includes(ino)) throw refuse(`${path} links to a folder that it lies in. Take the link away`);
    await mkdir(join(to, path), { recursive: true });
    for (const name of (await readdir(join(from, path))).sort()) {
      if (LITTER.includes(name) || name.endsWith(".pyc")) continue;
      const inner = path === "" ? name : `${path}/${name}`;
      const found = await stat(join(from, inner)).catch(() => undefined);
      if (found === undefined) throw refuse(`${inner} is a link that leads nowhere. Take it away`);
      if (found.isDirectory()) await copy(inner, [...above, ino]);
      else if (found.isFile()) files.push({ path: inner, sha256: await keepFile(join(from, inner), join(to, inner)) });
      if (files.length > FILES_MAX) {
        throw refuse(
          `${basename(from)} holds over ${FILES_MAX} files. A model's folder holds its code and weights alone`,
        );
      }
    }
    await syncPath(join(to, path));
  };
  await copy("", []);
  return files;
}

/** Without room of its own where the file system can share it. */
async function keepFile(from: string, to: string): Promise<string> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await syncPath(to);
  return hashFile(to);
}

function refuse(description: string): HttpError {
  return invalidInput([{ type: "folder", field: "folder", description }]);
}
