import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { type Asked, buildCli, easel, serve } from "./testing/easel.ts";

const VERSION = "e".repeat(64);
const TAR = Buffer.alloc(300_000, "weights ");

let folder = "";
let zip: Buffer;
beforeAll(() => {
  buildCli();
  const made = mkdtempSync(join(tmpdir(), "easel-zip-"));
  const code = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name in ("README.md", "toy.safetensors", "embeddings/TOK.safetensors"):
        archive.writestr(name, f"bytes of {name}")`;
  execFileSync("python3", ["-c", code, join(made, "a.zip")]);
  zip = readFileSync(join(made, "a.zip"));
  rmSync(made, { recursive: true });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "easel-weights-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Downloads from a server that answers with `answer`. */
async function download(answer: (response: ServerResponse, asked: Asked) => void, ...words: string[]) {
  const cwd = folder;
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const path = `/v1/models/you/toy/versions/${VERSION}`;
  const version = { id: VERSION, created_at: "2026-11-23T06:40:00.123Z", cog_version: "0.23.1", openapi_schema: {} };
  const server = await serve({ [`GET ${path}`]: () => version, [`GET ${path}/weights`]: answer });
  const ended = await easel(["weights", "download", `you/toy:${VERSION}`, ...words], {
    cwd,
    env: { EASEL_URL: server.url },
  });
  server.close();
  return { ...ended, asked: server.asked.filter((one) => one.path.includes("/weights")) };
}

function send(response: ServerResponse, asked: Asked, bytes: Buffer, name: string, extra: Record<string, string> = {}) {
  const start = Number(/bytes=(\d+)-/.exec(asked.headers.range ?? "")?.[1] ?? 0);
  const { cut, ...headers } = extra;
  response.writeHead(start > 0 ? 206 : 200, {
    "content-length": bytes.length - start,
    "content-disposition": `attachment; filename*=UTF-8''${name}`,
    etag: `"${createHash("sha256").update(bytes).digest("hex")}"`,
    ...headers,
  });
  if (cut === undefined) response.end(bytes.subarray(start));
  else response.write(bytes.subarray(start, start + Number(cut)), () => response.destroy());
}

test("a download goes on where its connection broke, and is whole at the end", async () => {
  const { code, stdout, asked } = await download((response, asked) =>
    send(response, asked, TAR, "toy.tar", { cut: "130000" }),
  );
  expect([code, stdout]).toEqual([0, "toy.tar\n"]);
  expect(asked.length).toBeGreaterThan(2);
  expect(asked[1]?.headers).toMatchObject({
    range: expect.stringMatching(/^bytes=[1-9]\d*-$/),
    "if-range": expect.anything(),
  });
  expect(readFileSync(join(folder, "toy.tar")).equals(TAR)).toBe(true);
  expect(readdirSync(folder)).toEqual(["toy.tar"]);
});

test("what arrives damaged, or never, is no file", async () => {
  const other = { etag: `"${"0".repeat(64)}"` };
  const damaged = await download((response, asked) => send(response, asked, TAR, "toy.tar", other));
  expect([damaged.code, damaged.stdout]).toEqual([1, ""]);
  expect(damaged.stderr).toContain("What arrived is not what the server has");
  const cut = await download((response, asked) => send(response, asked, TAR, "toy.tar", { cut: "0" }));
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining("The connection broke after 0 B of 300 kB")]);
  expect(readdirSync(folder)).toEqual([]);
});

test("files of an export lie in a folder of their own, or of the name that is given", async () => {
  const answer = (response: ServerResponse, asked: Asked) =>
    send(response, asked, zip, "toy.zip", { "content-type": "application/zip", "easel-relative-error": "0.1234" });
  const named = await download(answer, "--format", "kohya", "--max-mb", "0.3", "--step", "40");
  expect(named.asked[0]?.path).toMatch(/weights\?format=kohya&max_mb=0.3&step=40$/);
  expect(named.stdout.split("\n").slice(0, 3)).toEqual([
    "toy-kohya/README.md",
    "toy-kohya/toy.safetensors",
    "toy-kohya/embeddings/TOK.safetensors",
  ]);
  expect(named.stderr).toContain("12.3 % off");
  const given = await download(answer, "--format", "diffusers", "--output", "there");
  expect(given.stdout).toContain("there/embeddings/TOK.safetensors\n");
});

test("ComfyUI and A1111 get each file where they look for it", async () => {
  const answer = (response: ServerResponse, asked: Asked) =>
    send(response, asked, zip, "toy.zip", { "content-type": "application/zip" });
  mkdirSync(join(folder, "ComfyUI", "comfy"), { recursive: true });
  const comfy = await download(answer, "--into", "ComfyUI");
  expect(comfy.asked[0]?.path).toContain("format=kohya");
  expect(comfy.stdout).toBe("ComfyUI/models/loras/toy.safetensors\nComfyUI/models/embeddings/TOK.safetensors\n");
  mkdirSync(join(folder, "webui"));
  writeFileSync(join(folder, "webui", "webui.py"), "");
  const a1111 = await download(answer, "--into", "webui", "--format", "checkpoint");
  expect(a1111.stdout).toBe("webui/models/Stable-diffusion/toy.safetensors\nwebui/embeddings/TOK.safetensors\n");
  const neither = await download(answer, "--into", ".");
  expect([neither.code, neither.stderr]).toEqual([2, expect.stringContaining("neither comfy/ nor webui.py")]);
});

test.each([
  [["--format", "ckpt"], "no format"],
  [["--max-mb", "six"], "Give a number above 0"],
  [["--into", "x", "--format", "diffusers"], "do not read diffusers"],
  [["--into", "x", "--output", "y"], "exclude each other"],
])("%s is refused before anything is asked of the server", async (words, said) => {
  const { code, stderr, asked } = await download(() => undefined, ...words);
  expect([code, asked]).toEqual([2, []]);
  expect(stderr).toContain(said);
});
