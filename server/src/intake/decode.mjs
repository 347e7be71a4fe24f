/**
 * A child process that decodes pictures for the server, one at a time, so that a picture that crashes the decoder or
 * takes all memory takes this process and not the server. Plain JavaScript: run as it is, from the sources, by Node.
 * In: `{path, smaller}` or `{path, thumbnail, side}`. Out: what is known of the picture, or `{fault}`.
 */
import { open, writeFile } from "node:fs/promises";
import sharp from "sharp";

/** 256 megapixels, beyond any camera. */
const PIXELS_MAX = 256_000_000;
/** Beyond this a training would only lose time over it: a smaller copy is made. */
const KEPT_PIXELS_MAX = 50_000_000;
const SMALLER_SIDE_PIXELS = 4096;
const LOOK_SIDE = 32;
const OPAQUE = 250;

sharp.concurrency(1);
sharp.cache(false);
await writeFile("/proc/self/oom_score_adj", "1000").catch(() => {}); // when memory runs out, this process goes first

process.on("message", async (task) => {
  const answer = task.thumbnail === undefined ? measure(task) : drawThumbnail(task);
  process.send?.(await answer.catch((error) => ({ fault: String(error?.message ?? error) })));
});

function read(path) {
  return sharp(path, { failOn: "warning", limitInputPixels: PIXELS_MAX, sequentialRead: true });
}

/** Every byte is read, but only a small picture is kept: a cut or damaged file fails, a huge one does not fill memory. */
async function measure({ path, smaller }) {
  const { autoOrient, pages = 1, format, width, height } = await read(path).metadata();
  const animated = pages > 1 || (format === "png" && (await isAnimatedPng(path)));
  if (width * height <= KEPT_PIXELS_MAX) {
    return { width: autoOrient.width, height: autoOrient.height, animated, ...(await look(path)) };
  }
  const { hasAlpha } = await read(path).metadata();
  const bounds = { width: SMALLER_SIDE_PIXELS, height: SMALLER_SIDE_PIXELS, fit: "inside" };
  const copy = read(path).autoOrient().resize(bounds).toColourspace("srgb");
  const made = await (hasAlpha ? copy.png() : copy.jpeg({ quality: 95, chromaSubsampling: "4:4:4" })).toFile(smaller);
  const megapixels = Math.round((width * height) / 1e6);
  const { seeThrough, bits } = await look(smaller);
  return { width: made.width, height: made.height, animated, seeThrough, bits, smaller: made.format, megapixels };
}

/**
 * The look of a picture in 64 bits (pHash: the signs of the lowest frequencies about their median), and whether one sees
 * through it anywhere.
 */
async function look(path) {
  const small = read(path).resize(LOOK_SIDE, LOOK_SIDE, { fit: "fill" }).toColourspace("srgb").ensureAlpha().raw();
  const pixels = await small.toBuffer();
  const grey = [];
  let seeThrough = false;
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3] / 255;
    if (pixels[at + 3] < OPAQUE) seeThrough = true;
    const luma = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
    grey.push(luma * alpha + 255 * (1 - alpha));
  }
  return { seeThrough, bits: frequencies(grey) };
}

/** 16 hexadecimal digits of the signs of an 8 × 8 corner of the cosine transform. */
function frequencies(grey) {
  const wave = (frequency, at) => Math.cos((Math.PI * frequency * (2 * at + 1)) / (2 * LOOK_SIDE));
  const rows = Array.from({ length: 8 * LOOK_SIDE }, (_, index) => {
    const [frequency, y] = [index % 8, Math.floor(index / 8)];
    return sum((x) => grey[y * LOOK_SIDE + x] * wave(frequency, x));
  });
  const corner = Array.from({ length: 64 }, (_, index) => {
    const [horizontal, vertical] = [index % 8, Math.floor(index / 8)];
    return sum((y) => rows[y * 8 + horizontal] * wave(vertical, y));
  });
  const sorted = corner.slice(1).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const bits = corner.map((value) => (value > median ? 1 : 0)).join("");
  return BigInt(`0b${bits}`).toString(16).padStart(16, "0");
}

function sum(term) {
  let total = 0;
  for (let at = 0; at < LOOK_SIDE; at++) total += term(at);
  return total;
}

/** An animated PNG says so in a chunk before its first frame; the decoder shows that frame and does not tell. */
async function isAnimatedPng(path) {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
    const control = buffer.subarray(0, bytesRead).indexOf("acTL");
    const first = buffer.subarray(0, bytesRead).indexOf("IDAT");
    return control >= 0 && (first < 0 || control < first);
  } finally {
    await handle.close();
  }
}

/** Upright, in sRGB, over white where one sees through it, as large as fits into a square of `side` pixels. */
async function drawThumbnail({ path, thumbnail, side }) {
  const picture = read(path).autoOrient().resize(side, side, { fit: "inside" }).flatten({ background: "#ffffff" });
  const { width, height } = await picture.toColourspace("srgb").webp({ quality: 85 }).toFile(thumbnail);
  return { width, height };
}
