import { createHash } from "node:crypto";
import { readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { listDataFiles, makeWorld } from "../testing/world.ts";
import { BlobStore } from "./blobs.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

test("a blob is read whole or in part, and cannot be written", async () => {
  const { blobs } = (await makeWorld()).context;
  const blob = await blobs.write(bytes("hello ", "world"), 100);
  expect(blob).toEqual({ sha256: sha256("hello world"), md5: "5eb63bbbe01eeed093cb22bb8f5acdc3", size: 11 });
  expect((await buffer(blobs.open(blob.sha256))).toString()).toBe("hello world");
  expect((await buffer(blobs.open(blob.sha256, { start: 6, end: 8 }))).toString()).toBe("wor");
  expect((await stat(blobs.path(blob.sha256))).mode & 0o777).toBe(0o444);
});

test("a name that is no hash never becomes a path", async () => {
  const { blobs } = (await makeWorld()).context;
  expect(() => blobs.path("../../etc/passwd")).toThrow("Not a SHA-256");
});

test("what an earlier server left half written is gone at the next start", async () => {
  const { context } = await makeWorld();
  await writeFile(context.blobs.incomingPath(), "half");
  await BlobStore.open(context.config.dataFolder);
  expect(await listDataFiles(context)).toEqual([]);
});

test("a full disk is a 507 with a way out, and nothing partial stays", async () => {
  const { context } = await makeWorld();
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("some");
    throw full;
  }
  await expect(context.blobs.write(source(), 100)).rejects.toMatchObject({ status: 507, message: /Free some space/ });
  expect(await listDataFiles(context)).toEqual([]);
});

test("adopting keeps the file where it is, as one and the same, and twice is once", async () => {
  const { context } = await makeWorld();
  const path = join(context.config.dataFolder, "made.bin");
  await writeFile(path, "made");
  await context.blobs.adopt(path, sha256("made"));
  await context.blobs.adopt(path, sha256("made"));
  expect((await stat(path)).ino).toBe((await stat(context.blobs.path(sha256("made")))).ino);
  expect(await listDataFiles(context)).toHaveLength(2);
  await rm(path);
  expect(await readFile(context.blobs.path(sha256("made")), "utf8")).toBe("made");
});

test("a link is never adopted: it would make a blob of any file of this machine", async () => {
  const { context } = await makeWorld();
  const path = join(context.config.dataFolder, "link");
  await symlink("/etc/hostname", path);
  await expect(context.blobs.adopt(path, sha256("x"))).rejects.toThrow("not a regular file");
});
