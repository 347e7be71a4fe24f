/**
 * A disk whose power can be cut: an ext4 file system in a file, which writes back as late as it may. The file as it is at
 * one moment is what a machine would find after a power cut. Needs root, and mkfs.ext4.
 */
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const BYTES = 96_000_000;
/** No write-back of its own for a minute, and none at a rename. */
const OPTIONS = "loop,commit=60,noauto_da_alloc";

export interface Disk {
  /** Where it is mounted. */
  path: string;
  /** Leaves on the disk only what was surely there. Whoever uses it has to stand still, and to be gone right after `freeze`d. */
  cutPower: (end: () => Promise<void>) => Promise<void>;
}

/** Makes and mounts one; the words are the reason when this machine cannot. It goes away with the test. */
export function makeDisk(): Disk | string {
  if (process.getuid?.() !== 0) return "needs root, to mount a file system of its own";
  const folder = mkdtempSync(join(tmpdir(), "easel-disk-"));
  const [image, crashed, path] = [join(folder, "image"), join(folder, "crashed"), join(folder, "disk")];
  mkdirSync(path);
  onTestFinished(() => {
    unmount(path);
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    const file = openSync(image, "w");
    ftruncateSync(file, BYTES);
    closeSync(file);
    run("mkfs.ext4", "-qF", image);
    run("mount", "-o", OPTIONS, image, path);
  } catch (error) {
    return `needs mkfs.ext4 and loop devices (${error instanceof Error ? error.message.split("\n")[0] : error})`;
  }
  let current = image;
  const cutPower = async (end: () => Promise<void>) => {
    const next = current === image ? crashed : image;
    run("cp", "--sparse=always", current, next);
    await end();
    unmount(path);
    run("mount", "-o", OPTIONS, next, path);
    current = next;
  };
  return { path, cutPower };
}

function unmount(path: string): void {
  try {
    run("umount", path);
  } catch {
    // It was never mounted, or something dead still holds it for a moment.
    try {
      run("umount", "-l", path);
    } catch {}
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
