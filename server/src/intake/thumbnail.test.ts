/** What the server shows of a picture is what a training sees: both decoders read each format, and are compared at 64 pixels. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { ROOT } from "../config.ts";
import { makeWorld } from "../testing/world.ts";
import { drawThumbnail } from "./decoder.ts";

/** Mean over all values, of 255. */
const DIFFERENCE_MAX = 6;
const PYTHON = `
import sys
from pathlib import Path
from PIL import Image
from prepare.picture import decode
for path in sorted(Path(sys.argv[1]).glob("*.picture")):
    pixels = decode(path.read_bytes(), (255, 255, 255), 64, None).pixels
    pixels.thumbnail((64, 64), Image.Resampling.LANCZOS)
    pixels.save(path.with_suffix(".python.png"))
`;

/** Soft colours with a hard dark corner, 320 × 240: turned or mirrored it is another picture. */
async function scene(): Promise<Sharp> {
  const colours = Buffer.from(Array.from({ length: 4 * 3 * 3 }, (_, at) => (at * 67 + 40) % 256));
  const ground = sharp(colours, { raw: { width: 4, height: 3, channels: 3 } }).resize(320, 240, { fit: "fill" });
  const corner = { create: { width: 90, height: 60, channels: 3 as const, background: "#102030" } };
  return sharp(
    await ground
      .composite([{ input: corner, left: 0, top: 0 }])
      .removeAlpha()
      .png()
      .toBuffer(),
  );
}

async function clear(): Promise<Sharp> {
  const holes = Buffer.from(Array.from({ length: 4 * 3 }, (_, at) => (at * 90) % 256));
  const mask = sharp(holes, { raw: { width: 4, height: 3, channels: 1 } }).resize(320, 240, { fit: "fill" });
  return sharp(
    await (await scene())
      .joinChannel(await mask.png().toBuffer())
      .png()
      .toBuffer(),
  );
}

const FORMATS: Record<string, () => Promise<Buffer>> = {
  jpeg: async () => (await scene()).jpeg().toBuffer(),
  "jpeg, progressive": async () => (await scene()).jpeg({ progressive: true }).toBuffer(),
  "jpeg, grey": async () => (await scene()).greyscale().jpeg().toBuffer(),
  "jpeg, for print": async () => (await scene()).withIccProfile("cmyk").toColourspace("cmyk").jpeg().toBuffer(),
  "jpeg, in another profile": async () => (await scene()).withIccProfile("p3").jpeg().toBuffer(),
  "jpeg, turned": async () => (await scene()).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  "jpeg, mirrored": async () => (await scene()).withMetadata({ orientation: 5 }).jpeg().toBuffer(),
  png: async () => (await scene()).png().toBuffer(),
  "png, with a palette": async () => (await scene()).png({ palette: true }).toBuffer(),
  "png, 16 bits": async () => (await scene()).toColourspace("rgb16").png().toBuffer(),
  "png, 16 bits, grey": async () => (await scene()).toColourspace("grey16").png().toBuffer(),
  "png, seen through": async () => (await clear()).png().toBuffer(),
  webp: async () => (await scene()).webp().toBuffer(),
  "webp, seen through": async () => (await clear()).webp().toBuffer(),
  "webp, animated": async () =>
    sharp([await (await scene()).png().toBuffer(), await (await scene()).negate().png().toBuffer()], {
      join: { animated: true },
    })
      .webp()
      .toBuffer(),
  avif: async () => (await scene()).avif({ effort: 0 }).toBuffer(),
  "avif, turned": async () => (await scene()).withMetadata({ orientation: 8 }).avif({ effort: 0 }).toBuffer(),
};

test("Node and Python show the same pixels, the same way up, in the same size", async () => {
  const { context } = await makeWorld();
  const folder = context.blobs.incomingPath();
  mkdirSync(folder);
  for (const [name, make] of Object.entries(FORMATS)) writeFileSync(join(folder, `${name}.picture`), await make());
  const env = { ...process.env, PYTHONPATH: `${join(ROOT, "models", "sdxl")}:${ROOT}`, PYTHONDONTWRITEBYTECODE: "1" };
  execFileSync(context.config.python, ["-c", PYTHON, folder], { env });
  for (const name of Object.keys(FORMATS)) {
    const thumbnail = join(folder, `${name}.webp`);
    const size = await drawThumbnail(join(folder, `${name}.picture`), thumbnail, 64);
    const [ours, theirs] = await Promise.all([thumbnail, join(folder, `${name}.python.png`)].map(readPixels));
    expect(size, name).toEqual(/turned|mirrored/.test(name) ? { width: 48, height: 64 } : { width: 64, height: 48 });
    expect(theirs?.info, name).toMatchObject(size ?? {});
    expect(difference(ours?.data ?? Buffer.alloc(0), theirs?.data ?? Buffer.alloc(0)), name).toBeLessThan(
      DIFFERENCE_MAX,
    );
  }
}, 60_000);

test("a picture that cannot be decoded has none", async () => {
  const { context } = await makeWorld();
  const path = context.blobs.incomingPath();
  writeFileSync(path, (await (await scene()).jpeg().toBuffer()).subarray(0, 400));
  expect(await drawThumbnail(path, `${path}.webp`, 64)).toBeUndefined();
});

function readPixels(path: string) {
  return sharp(path).toColourspace("srgb").removeAlpha().raw().toBuffer({ resolveWithObject: true });
}

function difference(a: Buffer, b: Buffer): number {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length;
}
