/**
 * Ten thousand good archives with one bit turned over in each: every one is read or refused, none is a crash, none takes
 * two seconds, and nothing partial stays.
 *
 *   node bench/byte-flips.mjs [rounds]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { BlobStore } from "../server/dist/files/blobs.js";
import { readArchive } from "../server/dist/intake/archive.js";
import { ArchiveRefused } from "../server/dist/intake/refusal.js";

const ROUNDS = Number(process.argv[2] ?? 10_000);
const MILLISECONDS_MAX = 2000;
const FIXTURES = new URL("../server/src/intake/fixtures/", import.meta.url);

const archives = readdirSync(FIXTURES)
  .filter((name) => name !== "make.sh")
  .map((name) => readFileSync(new URL(name, FIXTURES)));
const folder = mkdtempSync(join(tmpdir(), "easel-flips-"));
try {
  const context = { blobs: await BlobStore.open(folder), config: { dataFolder: folder } };
  let [read, refused, slowest, random] = [0, 0, 0, 1];
  for (let round = 0; round < ROUNDS; round++) {
    random = (random * 48_271) % 2_147_483_647;
    const damaged = Buffer.from(archives[round % archives.length]);
    damaged[random % damaged.length] ^= 1 << (random % 7);
    const began = performance.now();
    const { sha256 } = await context.blobs.write(Readable.from([damaged]), 1e9);
    try {
      await readArchive(context, sha256);
      read += 1;
    } catch (error) {
      if (!(error instanceof ArchiveRefused)) throw new Error(`round ${round} broke`, { cause: error });
      refused += 1;
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  const left = readdirSync(join(folder, "incoming")).length;
  const passed = slowest <= MILLISECONDS_MAX && left === 0;
  console.log(`${read} read, ${refused} refused, the slowest in ${Math.round(slowest)} ms, ${left} files left behind`);
  console.log(passed ? "✓ no crash, no hang" : `✗ the bar is ${MILLISECONDS_MAX} ms, and nothing left`);
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
