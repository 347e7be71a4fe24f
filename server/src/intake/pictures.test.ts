/** Pictures of every kind that people have: read right, or passed over by name. The archive around them is the plainest. */
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { makeZip, type ZipPart } from "../testing/archives.ts";
import { makeWorld } from "../testing/world.ts";
import { readArchive } from "./archive.ts";

/** Red above, blue below, 60 × 40: which side is up can be seen. */
const blue = { create: { width: 60, height: 20, channels: 3 as const, background: "#0000ff" } };
const red = { create: { width: 60, height: 40, channels: 3 as const, background: "#ff0000" } };
const scene = (): Sharp => sharp(red).composite([{ input: blue, left: 0, top: 20 }]);
const flat = async () => sharp(await scene().removeAlpha().png().toBuffer());

async function read(...parts: ZipPart[]) {
  const { context } = await makeWorld();
  const blob = await context.blobs.write(Readable.from([makeZip(parts)]), 1e9);
  const canonical = await readArchive(context, blob.sha256);
  const place = (file: string) => {
    const { start, size } = canonical.places[file] ?? { start: 0, size: 0 };
    return Readable.from(context.blobs.open(canonical.sha256, { start, end: start + size - 1 })).toArray();
  };
  return { canonical, bytesOf: async (file: string) => Buffer.concat(await place(file)) };
}

function animate(png: Buffer): Buffer {
  const control = Buffer.alloc(20);
  control.writeUInt32BE(8, 0);
  control.write("acTL", 4, "latin1");
  control.writeUInt32BE(1, 8);
  control.writeUInt32BE(crc32(control.subarray(4, 16)), 16);
  return Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
}

/** The picture with another size in its header. */
function claim(png: Buffer, width: number, height: number): Buffer {
  const claimed = Buffer.from(png);
  claimed.writeUInt32BE(width, 16);
  claimed.writeUInt32BE(height, 20);
  claimed.writeUInt32BE(crc32(claimed.subarray(12, 29)), 29);
  return claimed;
}

const frames = async (): Promise<Sharp> => {
  const second = await sharp(red).png().toBuffer();
  return sharp([await scene().png().toBuffer(), second], { join: { animated: true } });
};
const animated = ["animated: its first frame is used"];
const transparent = ["transparent in places"];

describe("read as they are", () => {
  test.each<[string, () => Promise<Buffer>, string, string[]]>([
    ["a JPEG", async () => scene().jpeg().toBuffer(), "jpg", []],
    ["a progressive JPEG", async () => scene().jpeg({ progressive: true }).toBuffer(), "jpg", []],
    ["a grey JPEG", async () => (await flat()).greyscale().jpeg().toBuffer(), "jpg", []],
    ["a JPEG for print", async () => (await flat()).toColourspace("cmyk").jpeg().toBuffer(), "jpg", []],
    ["a JPEG with a profile", async () => (await flat()).withIccProfile("p3").jpeg().toBuffer(), "jpg", []],
    ["a PNG", async () => scene().png().toBuffer(), "png", []],
    ["an interlaced PNG", async () => scene().png({ progressive: true }).toBuffer(), "png", []],
    ["a PNG with a palette", async () => scene().png({ palette: true, colours: 2 }).toBuffer(), "png", []],
    ["a PNG of 16 bits", async () => (await flat()).toColourspace("rgb16").png().toBuffer(), "png", []],
    ["a grey PNG of 16 bits", async () => (await flat()).toColourspace("grey16").png().toBuffer(), "png", []],
    [
      "a PNG of one bit",
      async () => (await flat()).threshold().png({ palette: true, colours: 2 }).toBuffer(),
      "png",
      [],
    ],
    ["a PNG with full alpha", async () => (await flat()).ensureAlpha().png().toBuffer(), "png", []],
    ["a PNG one sees through", async () => (await flat()).ensureAlpha(0.5).png().toBuffer(), "png", transparent],
    ["a grey one", async () => (await flat()).greyscale().ensureAlpha(0.5).png().toBuffer(), "png", transparent],
    ["an animated PNG", async () => animate(await scene().png().toBuffer()), "png", animated],
    ["a WebP", async () => scene().webp().toBuffer(), "webp", []],
    ["a lossless WebP", async () => scene().webp({ lossless: true }).toBuffer(), "webp", []],
    ["a WebP one sees through", async () => (await flat()).ensureAlpha(0.5).webp().toBuffer(), "webp", transparent],
    ["an animated WebP", async () => (await frames()).webp().toBuffer(), "webp", animated],
    ["an AVIF", async () => scene().avif({ effort: 0 }).toBuffer(), "avif", []],
    [
      "an AVIF one sees through",
      async () => (await flat()).ensureAlpha(0.5).avif({ effort: 0 }).toBuffer(),
      "avif",
      transparent,
    ],
  ])("%s", async (_what, make, extension, notes) => {
    const data = await make();
    const { canonical, bytesOf } = await read({ name: "a.bin", data });
    expect(canonical.images).toMatchObject([{ file: `0001.${extension}`, width: 60, height: 40, notes }]);
    expect((await bytesOf(`0001.${extension}`)).equals(data)).toBe(true);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "a JPEG turned as EXIF's %i has the size of the upright picture",
    async (orientation) => {
      const data = await (await flat()).withMetadata({ orientation }).jpeg().toBuffer();
      const size = orientation < 5 ? { width: 60, height: 40 } : { width: 40, height: 60 };
      expect((await read({ name: "a.jpg", data })).canonical.images).toMatchObject([size]);
    },
  );
});

describe("passed over, with what to do", () => {
  const start = (bytes: string) => async () => Buffer.concat([Buffer.from(bytes, "latin1"), Buffer.alloc(600)]);
  test.each<[string, () => Promise<Buffer>, string, RegExp]>([
    ["a GIF", () => scene().gif().toBuffer(), "a GIF", /Save it as PNG/],
    ["a TIFF", () => scene().tiff().toBuffer(), "a TIFF or raw picture", /Export it as JPEG/],
    ["a BMP", start("BM6\0"), "a BMP picture", /Save it as PNG/],
    ["an iPhone's HEIC", start("\0\0\0\x24ftypheic\0\0\0\0mif1heic"), "an HEIC picture", /Export it as JPEG/],
    ["an HEIC by its second name", start("\0\0\0\x1cftypmif1\0\0\0\0mif1heic"), "an HEIC picture", /Export it as JPEG/],
    ["a film", start("\0\0\0\x18ftypisom\0\0\0\0"), "a video", /Save the frames/],
    [
      "a drawing",
      async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      "an SVG drawing",
      /Export it as PNG/,
    ],
    [
      "a page that was saved",
      async () => Buffer.from("<!doctype html>\n<img>"),
      "a web page",
      /Save the picture itself/,
    ],
    ["a document", start("%PDF-1.7"), "a PDF", /Export its pictures/],
    ["Photoshop's own", start("8BPS\0\x01"), "a Photoshop file", /Export it as JPEG/],
    ["a JPEG XL", start("\xff\x0a"), "no picture", /save it as JPEG or PNG/],
    [
      "half a PNG",
      async () => (await scene().png().toBuffer()).subarray(0, 120),
      "damaged: it cannot be decoded",
      /Export or copy/,
    ],
    ["a JPEG's head alone", start("\xff\xd8\xff\xe0"), "damaged: it cannot be decoded", /Export or copy it again/],
    [
      "a picture of 15 pixels",
      async () => (await flat()).resize(15, 15).png().toBuffer(),
      "smaller than 16 pixels",
      /larger version/,
    ],
    [
      "a stripe of 15 pixels",
      async () => (await flat()).resize(600, 15, { fit: "fill" }).png().toBuffer(),
      "smaller than 16 pixels",
      /larger/,
    ],
    [
      "256 megapixels and some",
      async () => claim(await scene().png().toBuffer(), 16_001, 16_000),
      "larger than 256 megapixels",
      /Save it smaller/,
    ],
  ])("%s", async (_what, make, reason, fix) => {
    const good = { name: "good.png", data: await scene().png().toBuffer() };
    const { canonical } = await read({ name: "a.jpg", data: await make() }, good);
    expect(canonical.images).toMatchObject([{ name: "good.png" }]);
    expect(canonical.skipped).toEqual([{ name: "a.jpg", reason, fix: expect.stringMatching(fix) }]);
  });
});

const blank = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: "#ff000080" }, limitInputPixels: false })
    .png({ compressionLevel: 1 })
    .toBuffer();

describe("over 50 megapixels", () => {
  test("a smaller copy is kept, upright, and said; its hash and size are those of the copy", async () => {
    const data = await sharp(await blank(9000, 6000))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { canonical, bytesOf } = await read({ name: "a.jpg", data });
    const [image] = canonical.images;
    expect(image).toMatchObject({ width: 2731, height: 4096, notes: ["54 megapixels: made smaller, to 2731 × 4096"] });
    const copy = await bytesOf("0001.jpg");
    expect(copy.length).toBe(image?.size);
    expect(await sharp(copy).metadata()).toMatchObject({ width: 2731, height: 4096, space: "srgb" });
  }, 60_000);

  test("transparency stays", async () => {
    const { canonical, bytesOf } = await read({ name: "a.webp", data: await blank(8000, 7000, 4) });
    expect(canonical.images).toMatchObject([{ file: "0001.png", width: 4096, height: 3584 }]);
    expect(await sharp(await bytesOf("0001.png")).metadata()).toMatchObject({ hasAlpha: true });
  }, 60_000);

  test("50 megapixels stay as they are", async () => {
    const data = await blank(10_000, 5000);
    const { canonical } = await read({ name: "a.png", data });
    expect(canonical.images).toMatchObject([{ width: 10_000, height: 5000, size: data.length, notes: [] }]);
  }, 60_000);
});

describe("masks of one's own", () => {
  test("stand beside their picture, whatever comes first; one without a picture is a picture", async () => {
    const [one, two, three] = await Promise.all(
      ["#111111", "#222222", "#333333"].map((background) =>
        sharp({ create: { width: 32, height: 32, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const { canonical, bytesOf } = await read(
      { name: "set/a_mask.png", data: one },
      { name: "set/a.jpg", data: await scene().jpeg().toBuffer() },
      { name: "set/b.png", data: await scene().png().toBuffer() },
      { name: "set/b.MASK.png", data: two },
      { name: "other/a_mask.png", data: three },
    );
    expect(canonical.images.map(({ file, name, mask }) => [file, name, mask])).toEqual([
      ["0001.jpg", "set/a.jpg", "0001.mask.png"],
      ["0002.png", "set/b.png", "0002.mask.png"],
      ["0003.png", "other/a_mask.png", undefined],
    ]);
    expect((await bytesOf("0001.mask.png")).equals(one ?? Buffer.alloc(0))).toBe(true);
    expect((await bytesOf("0002.mask.png")).equals(two ?? Buffer.alloc(0))).toBe(true);
  });

  test("a prepared archive keeps its dataset.json, and the manifest says so", async () => {
    const data = Buffer.from('{"images":{}}');
    const { canonical, bytesOf } = await read(
      { name: "0001.png", data: await scene().png().toBuffer() },
      { name: "0001.mask.png", data: await scene().greyscale().png().toBuffer() },
      { name: "dataset.json", data },
    );
    expect(canonical.dataset).toBe("dataset.json");
    expect((await bytesOf("dataset.json")).equals(data)).toBe(true);
    const manifest = JSON.parse((await bytesOf("manifest.json")).toString());
    expect(manifest).toMatchObject({ images: [{ mask: "0001.mask.png" }], skipped: [], dataset: "dataset.json" });
  });
});
