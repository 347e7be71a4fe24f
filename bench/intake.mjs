/**
 * What reading archives costs the server: a preflight of 20 photos of 12 megapixels, beside a bare loop that decodes the
 * same files, and, while four such archives arrive at a time, its memory and how long it keeps others waiting.
 *
 *   node bench/intake.mjs
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { StoredZip } from "../server/dist/intake/stored-zip.js";

const PHOTOS = 20;
const UPLOADS = 4;
const BARS = { preflightRatio: 2, growthMegabytes: 200, waitMilliseconds: 50 };
const TOKEN = "r8_bench0000000000000000000000000000000000";
const MAIN = fileURLToPath(new URL("../server/dist/main.js", import.meta.url));

sharp.concurrency(1);
sharp.cache(false);
const folder = mkdtempSync(join(tmpdir(), "easel-bench-"));
const server = spawn(process.execPath, [MAIN], {
  env: { ...process.env, EASEL_DATA: join(folder, "data"), EASEL_PORT: "0", EASEL_TOKEN: TOKEN, EASEL_ACCOUNT: "you" },
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const url = await new Promise((resolve) =>
    server.stdout.on("data", (data) => resolve(/http:\S+/.exec(String(data))?.[0])),
  );
  const photos = [];
  for (let number = 0; number < PHOTOS; number++) photos.push(await makePhoto(number));
  const archives = [];
  for (let number = 0; number < UPLOADS + 1; number++) archives.push(await makeArchive(photos, number));

  const link = await upload(url, archives[0]);
  const preflight = await secondsOf(() => check(url, link));
  const bare = await secondsOf(() => decodeAll(photos));
  report(
    `preflight of ${PHOTOS} photos beside decoding them (${preflight.toFixed(1)} s)`,
    preflight / bare,
    "",
    BARS.preflightRatio,
  );

  const before = residentMegabytes(server.pid);
  const watched = watch(url);
  await Promise.all(archives.slice(1).map(async (archive) => check(url, await upload(url, archive))));
  const { most, waits } = await watched.stop();
  report(`memory beyond ${before.toFixed(0)} MB at ${UPLOADS} uploads`, most - before, " MB", BARS.growthMegabytes);
  report("others wait meanwhile, 99 of 100 at most", percentile(waits, 0.99), " ms", BARS.waitMilliseconds);
} finally {
  server.kill();
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}

/** Soft blotches under noise: as hard to decode as a photo, some 4 MB. */
async function makePhoto(number) {
  const noise = Buffer.alloc(800 * 600 * 3).map(
    (_, at) => (Math.imul(at + number * 7919, 2_654_435_761) >>> 13) & 0xff,
  );
  const raw = { width: 800, height: 600, channels: 3 };
  const photo = sharp(noise, { raw }).resize(4000, 3000, { kernel: "nearest" }).blur(2);
  const path = join(folder, `${number}.jpg`);
  await photo.jpeg({ quality: 90 }).toFile(path);
  return path;
}

async function makeArchive(photos, number) {
  const path = join(folder, `${number}.zip`);
  const zip = await StoredZip.create(path);
  for (const [place, photo] of photos.entries()) {
    const bytes = readFileSync(photo);
    await zip.addFile(`${number}/${place}.jpg`, photo, bytes.length, crc32(bytes));
  }
  await zip.finish();
  return path;
}

async function upload(url, path) {
  const form = new FormData();
  form.append("content", new Blob([readFileSync(path)]), "photos.zip");
  const reply = await fetch(`${url}/v1/files`, {
    method: "POST",
    headers: { Authorization: `Bearer ${TOKEN}` },
    body: form,
  });
  return (await reply.json()).urls.get;
}

async function check(url, input_images) {
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const reply = await fetch(`${url}/v1/preflight`, { method: "POST", headers, body: JSON.stringify({ input_images }) });
  const report = await reply.json();
  if (report.used?.length !== PHOTOS) throw new Error(JSON.stringify(report));
}

/** The floor: every byte read, a small picture kept. */
async function decodeAll(paths) {
  for (const path of paths)
    await sharp(path, { sequentialRead: true }).resize(32, 32, { fit: "fill" }).raw().toBuffer();
}

/** Asks for nothing much again and again, and looks at the server's memory. */
function watch(url) {
  let watching = true;
  let most = 0;
  const waits = [];
  const done = (async () => {
    while (watching) {
      const began = performance.now();
      await (await fetch(`${url}/health/live`)).text();
      waits.push(performance.now() - began);
      most = Math.max(most, residentMegabytes(server.pid));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { most, waits };
  })();
  return {
    stop: () => {
      watching = false;
      return done;
    },
  };
}

async function secondsOf(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function residentMegabytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function percentile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)];
}

function report(what, value, unit, bar) {
  console.log(`${value <= bar ? "✓" : "✗"} ${what}: ${value.toFixed(2)}${unit} (bar ${bar}${unit})`);
  if (value > bar) process.exitCode = 1;
}
