import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Model, Problem, RELATIVE_ERROR_HEADER } from "@easel/contract";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../config.ts";
import { sha256Hex } from "../ids.ts";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho } from "../testing/training.ts";
import { listDataFiles, makeWorld, type World } from "../testing/world.ts";

const EXAMPLE = "/v1/models/easel/emoji-3d";

/** Where the weights of the model's newest version are. */
async function weightsOf(world: World, model: string): Promise<string> {
  const { latest_version } = await read(world.call("GET", model), Model);
  return `${model}/versions/${latest_version?.id}/weights`;
}

async function bytesOf(reply: Response): Promise<Buffer> {
  return Buffer.from(await reply.arrayBuffer());
}

/** The names in a zip, by Python's own reader. */
function listZip(bytes: Buffer): string[] {
  const folder = mkdtempSync(join(tmpdir(), "easel-zip-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "a.zip"), bytes);
  const code = "import json, sys, zipfile; print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))";
  return JSON.parse(
    execFileSync(join(ROOT, ".venv/bin/python"), ["-c", code, join(folder, "a.zip")], { encoding: "utf8" }),
  );
}

test("the tar is served as it is stored: whole, in part, known by its hash", async () => {
  const world = await makeWorld();
  const path = await weightsOf(world, EXAMPLE);
  const reply = await world.call("GET", path);
  const whole = await bytesOf(reply);
  const etag = `"${sha256Hex(whole)}"`;
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    "content-length": String(whole.length),
    "content-type": "application/x-tar",
    "content-disposition": "attachment; filename*=UTF-8''emoji-3d.tar",
    "accept-ranges": "bytes",
    etag,
  });
  const size = whole.length;
  const parts: [string, number, number][] = [
    ["bytes=0-9", 0, 9],
    ["bytes=1000-", 1000, size - 1],
    ["bytes=-10", size - 10, size - 1],
    [`bytes=5-${size * 2}`, 5, size - 1],
  ];
  for (const [Range, start, end] of parts) {
    const part = await world.call("GET", path, undefined, { Range, "If-Range": etag });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes ${start}-${end}/${size}`]);
    expect((await bytesOf(part)).equals(whole.subarray(start, end + 1))).toBe(true);
  }
  const status = async (headers: Record<string, string>) => (await world.call("GET", path, undefined, headers)).status;
  expect(await status({ Range: `bytes=${size}-` })).toBe(416);
  expect(await status({ Range: "bytes=9-5" })).toBe(200);
  expect(await status({ Range: "bytes=0-9", "If-Range": '"another"' })).toBe(200);
  expect(await status({ "If-None-Match": etag })).toBe(304);
  const head = await world.call("HEAD", path);
  expect([head.headers.get("content-length"), (await bytesOf(head)).length]).toEqual([String(size), 0]);
});

test("an export is made once, however many ask for it, and kept; one who leaves does not stop it", async () => {
  const world = await makeWorld();
  const path = `${await weightsOf(world, EXAMPLE)}?format=kohya&max_mb=0.1`;
  const leaving = new AbortController();
  const left = world.app.request(path, { headers: { Authorization: `Bearer ${world.token}` }, signal: leaving.signal });
  const [one, other] = [world.call("GET", path), world.call("GET", path)];
  leaving.abort();
  const reply = await one;
  const zip = await bytesOf(reply);
  expect((await bytesOf(await other)).equals(zip)).toBe(true);
  await Promise.resolve(left).catch(() => undefined);
  expect(listZip(zip)).toEqual(["README.md", "embeddings/TOK.safetensors", "emoji-3d.safetensors", "fidelity.json"]);
  expect(reply.headers.get("content-disposition")).toContain("emoji-3d.zip");
  expect(Number(reply.headers.get(RELATIVE_ERROR_HEADER))).toBeGreaterThan(0.05);
  expect(reply.headers.get("etag")).toBe(`"${sha256Hex(zip)}"`);
  expect(await world.context.db.selectFrom("exports").selectAll().execute()).toHaveLength(1);
  // Without a Python, only what was kept can be served.
  world.context.config.python = "/nowhere/python";
  expect((await world.call("GET", path)).status).toBe(200);
  expect((await world.call("GET", path.replace("0.1", "0.2"))).status).toBe(500);
  expect((await listDataFiles(world.context)).filter((file) => file.startsWith("incoming"))).toEqual([]);
});

test("what cannot be exported is refused with the reason, and nothing stays behind", async () => {
  const world = await makeWorld();
  const example = await weightsOf(world, EXAMPLE);
  const refusal = async (path: string) => {
    const reply = await world.call("GET", path);
    return [reply.status, (await read(reply, Problem)).detail] as const;
  };
  const before = await listDataFiles(world.context);
  expect(await refusal(`${example}?format=kohya&max_mb=0.0001`)).toEqual([
    422,
    "max_mb: nothing of this LoRA fits in 0.0001 MB; ask for more.",
  ]);
  expect(await refusal(`${example}?format=ckpt`)).toMatchObject([422, expect.stringContaining("- format: ")]);
  expect(await refusal(`${example}?format=kohya&max_mb=lots`)).toMatchObject([
    422,
    expect.stringContaining("- max_mb: "),
  ]);
  expect(await refusal(`${example}?format=checkpoint&max_mb=6`)).toMatchObject([422, expect.stringContaining("LoRA")]);
  expect(await refusal(`${example}?step=20`)).toEqual([
    404,
    "There is no snapshot of step 20. None was kept: leave step out.",
  ]);
  expect(await refusal(await weightsOf(world, "/v1/models/easel/emoji"))).toMatchObject([
    404,
    expect.stringContaining("This version is a base"),
  ]);
  expect(await listDataFiles(world.context)).toEqual(before);
});

test("step gives the weights as of a snapshot of the version's training, and names the others where there is none", async () => {
  const world = await makeWorld({}, { processes: true });
  await endedTraining(world, await trainEcho(world, { steps: 6, sample_every: 2, token_string: "ECHO" }));
  const path = await weightsOf(world, "/v1/models/you/toy");
  const last = await bytesOf(await world.call("GET", path));
  for (const step of [2, 4]) {
    const reply = await world.call("GET", `${path}?step=${step}`);
    const tar = await bytesOf(reply);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("etag")).toBe(`"${sha256Hex(tar)}"`);
    expect(tar.toString()).toContain(`"steps": ${step}`);
    expect(tar.equals(last)).toBe(false);
  }
  const none = await world.call("GET", `${path}?step=3`);
  expect([none.status, (await read(none, Problem)).detail]).toEqual([
    404,
    "There is no snapshot of step 3. Choose of 2, 4, 6.",
  ]);
});
