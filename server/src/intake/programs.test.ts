/** Archives as the programs that people use make them: `fixtures/make.sh` says by which command each was made. */
import { readdirSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { makeWorld } from "../testing/world.ts";
import { readArchive } from "./archive.ts";

const FIXTURES = new URL("fixtures/", import.meta.url);
const archives = readdirSync(FIXTURES).filter((name) => name !== "make.sh");

test("there is one of each program", () => {
  expect(archives.length).toBeGreaterThanOrEqual(14);
});

test.each(archives)("%s gives its three pictures, by their names, and its table", async (name) => {
  const { context } = await makeWorld();
  const blob = await context.blobs.write(Readable.from([readFileSync(new URL(name, FIXTURES))]), 1e9);
  const canonical = await readArchive(context, blob.sha256);
  const images = canonical.images.map((image) => [image.name, image.width, image.height]).sort();
  expect(images).toEqual([
    ["my photos/größe/three.webp", 48, 32],
    ["my photos/two.jpg", 48, 32],
    ["one.png", 48, 32],
  ]);
  expect(canonical.captions.map((caption) => caption.name)).toEqual(["caption.csv"]);
  expect(canonical.skipped).toEqual([
    { name: "__MACOSX/._one.png", reason: "left by the operating system", fix: null },
  ]);
});
