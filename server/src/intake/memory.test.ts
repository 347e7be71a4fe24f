import { File, PreflightReport } from "@easel/contract";
import { serve } from "@hono/node-server";
import sharp from "sharp";
import { expect, onTestFinished, test } from "vitest";
import { makeZip } from "../testing/archives.ts";
import { read } from "../testing/read.ts";
import { makeWorld, type World } from "../testing/world.ts";

const GROWTH_BYTES_MAX = 200_000_000;
const UPLOADS = 4;

/** An archive that does not pack: noise takes as many bytes as it has values. */
async function makeLargeArchive(number: number): Promise<Buffer> {
  const noise = Buffer.alloc(2400 * 2400 * 3);
  let state = number + 1;
  for (let at = 0; at < noise.length; at++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    noise[at] = state >> 16;
  }
  const raw = { width: 2400, height: 2400, channels: 3 as const };
  const data = await sharp(noise, { raw }).png({ compressionLevel: 0 }).toBuffer();
  return makeZip(Array.from({ length: 4 }, (_, copy) => ({ name: `${number}-${copy}.png`, data, method: 0 })));
}

function listen({ app }: World): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    );
    onTestFinished(() => {
      server.close();
    });
  });
}

async function uploadAndCheck(origin: string, token: string, archive: Buffer): Promise<string> {
  const headers = { Authorization: `Bearer ${token}` };
  const [before, after] = [
    Buffer.from('--x\r\nContent-Disposition: form-data; name="content"; filename="a.zip"\r\n\r\n'),
    Buffer.from("\r\n--x--\r\n"),
  ];
  async function* body() {
    yield before;
    for (let at = 0; at < archive.length; at += 65_536) yield archive.subarray(at, at + 65_536);
    yield after;
  }
  const type = { "Content-Type": "multipart/form-data; boundary=x" };
  const init: RequestInit = { method: "POST", body: ReadableStream.from(body()), duplex: "half" };
  const file = await read(fetch(`${origin}/v1/files`, { ...init, headers: { ...headers, ...type } }), File);
  const report = await fetch(`${origin}/v1/preflight`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ input_images: file.urls.get }),
  });
  return (await read(report, PreflightReport)).verdict;
}

test("four archives of 70 MB at a time, over real sockets, and memory grows by less than one of two", async () => {
  const world = await makeWorld();
  const origin = await listen(world);
  const archives = await Promise.all(Array.from({ length: UPLOADS }, (_, number) => makeLargeArchive(number)));
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  const verdicts = await Promise.all(archives.map((archive) => uploadAndCheck(origin, world.token, archive)));
  clearInterval(watch);
  expect(verdicts).toEqual(Array(UPLOADS).fill("needs attention"));
  // The sender is in here too, and still it is less than the archives' bytes together.
  expect(most - before).toBeLessThan(GROWTH_BYTES_MAX);
}, 120_000);
