/**
 * A child process that decodes pictures for the server, one at a time, so that a picture that crashes the decoder or
 * takes all memory takes this process and not the server. Plain JavaScript: run as it is, from the sources, by Node.
 * In: a path. Out: `{width, height}` of the whole picture, or `{fault}`.
 */
import { writeFileSync } from "node:fs";
import sharp from "sharp";

/** 256 megapixels, beyond any camera. */
const PIXELS_MAX = 256_000_000;

sharp.concurrency(1);
sharp.cache(false);
try {
  writeFileSync("/proc/self/oom_score_adj", "1000"); // when memory runs out, this process goes first
} catch {
  // not on Linux
}

process.on("message", async (path) => {
  process.send?.(await decode(String(path)));
});

/** Every byte is read, but only a small picture is kept: a cut or damaged file fails, a huge one does not fill memory. */
async function decode(path) {
  try {
    const image = sharp(path, { failOn: "warning", limitInputPixels: PIXELS_MAX, sequentialRead: true });
    const { width, height } = await image.metadata();
    await image.resize(16, 16, { fit: "fill" }).raw().toBuffer();
    return { width, height };
  } catch (error) {
    return { fault: String(error?.message ?? error) };
  }
}
