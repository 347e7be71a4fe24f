import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { makePicture } from "../testing/archives.ts";
import { makeWorld } from "../testing/world.ts";
import { measurePicture } from "./decoder.ts";

/** The decoders that this process has started, by their ids. */
function children(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readProc(pid, "cmdline").includes("decode.mjs"))
    .filter((pid) => readProc(pid, "status").includes(`\nPPid:\t${process.pid}\n`))
    .map(Number);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // gone in the meantime
  }
}

test.skipIf(!existsSync("/proc"))(
  "pictures take turns in one child, and one that dies takes nothing with it",
  async () => {
    const { context } = await makeWorld();
    const path = context.blobs.incomingPath();
    await writeFile(path, await makePicture("png", 40));
    const measure = (picture: string) => measurePicture(picture, `${path}-smaller`);
    const size = { width: 40, height: 40 };
    expect(await Promise.all([measure(path), measure(path), measure("/nowhere")])).toEqual([
      expect.objectContaining(size),
      expect.objectContaining(size),
      "damaged",
    ]);
    const [child = 0, ...others] = children();
    expect(others).toEqual([]);
    process.kill(child, "SIGSTOP");
    const measured = measure(path);
    await new Promise((resolve) => setImmediate(resolve));
    process.kill(child, "SIGKILL");
    expect(await measured).toBe("damaged");
    expect(await measure(path)).toMatchObject(size);
    expect(children()).toHaveLength(1);
  },
);
