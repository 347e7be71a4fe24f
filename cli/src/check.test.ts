import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PreflightReport } from "@easel/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildCli, easel, sendJson, serve } from "./testing/easel.ts";

const READY: PreflightReport = {
  verdict: "ready",
  used: [
    {
      file: "photos/a.png",
      sha256: "a".repeat(64),
      width: 115,
      height: 72,
      caption: null,
      captionSource: "made",
      notes: ["enlarged 1.8 times"],
    },
  ],
  skipped: [{ file: "__MACOSX/._a.png", reason: "left by the operating system", fix: null }],
  duplicates: [],
  captions: { csv: 0, txt: 0, made: 1 },
  trigger: { present: 1, total: 1, each: [] },
  advice: ["No masks."],
};
const ATTENTION: PreflightReport = { ...READY, verdict: "needs attention", advice: ["1 picture is too few."] };
const BLOCKED: PreflightReport = {
  ...READY,
  verdict: "blocked",
  used: [],
  skipped: [{ file: "b.heic", reason: "an HEIC picture", fix: "Export it as JPEG." }],
  captions: { csv: 0, txt: 0, made: 0 },
  trigger: { present: 0, total: 0, each: [] },
  advice: ["The archive has no picture that can be read."],
};

function modelOf(owner: string, name: string) {
  const links = { github_url: null, paper_url: null, license_url: null, weights_url: null, cover_image_url: null };
  const rest = { description: null, visibility: "public", is_official: true, run_count: 0, default_example: null };
  const created_at = "2026-11-23T06:40:00.123456Z";
  return { url: "http://x", owner, name, ...links, ...rest, latest_version: null, created_at };
}

let folder = "";
beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), "easel-cli-"));
  writeFileSync(join(folder, "data.zip"), "not really a zip");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function check(report: PreflightReport, ...words: string[]) {
  const server = await serve({
    "POST /v1/files": (response) =>
      sendJson(response, 201, {
        id: "f1",
        name: "data.zip",
        content_type: "application/zip",
        size: 16,
        etag: "e",
        checksums: { sha256: "s", md5: "m" },
        metadata: {},
        created_at: "2026-11-23T06:40:00.123456Z",
        expires_at: null,
        urls: { get: "http://x/v1/files/f1", download: "http://x/v1/files/f1/download" },
      }),
    "POST /v1/preflight": () => report,
    "GET /v1/models/easel/emoji": () => modelOf("easel", "emoji"),
    "GET /v1/models/stability-ai/sdxl": () => modelOf("stability-ai", "sdxl"),
  });
  const ended = await easel(["check", "data.zip", ...words], { cwd: folder, env: { EASEL_URL: server.url } });
  server.close();
  const asked = server.asked.find(({ path }) => path === "/v1/preflight")?.body;
  return { ...ended, asked: asked === undefined ? undefined : JSON.parse(asked) };
}

test("what is ready is said with the command that comes next, and ends with 0", async () => {
  const { code, stdout, asked } = await check(READY);
  expect(code).toBe(0);
  expect(asked).toEqual({ input_images: "http://x/v1/files/f1", model: "easel/emoji" });
  expect(stdout).toBe(`✓ data.zip is ready: 1 picture to train on.

Good to know
  · No masks.

Not used
  1 hidden or left by an operating system: nothing to do

Pictures
  photos/a.png  115 × 72  caption to be made  enlarged 1.8 times

Captions: 1 to be made.

Train on it: easel train easel/emoji --destination you/toy input_images=@data.zip
`);
});

test("what needs attention ends with 0 too, what is blocked with 1 and the file's way out", async () => {
  const attention = await check(ATTENTION);
  expect(attention.code).toBe(0);
  expect(attention.stdout).toContain("! data.zip can be trained on, but needs attention first: 1 picture.");
  expect(attention.stdout).toContain("What to do\n  · 1 picture is too few.");
  const blocked = await check(BLOCKED);
  expect(blocked.code).toBe(1);
  expect(blocked.stdout).toContain("✗ data.zip cannot be trained on.");
  expect(blocked.stdout).toContain("  b.heic  an HEIC picture  → Export it as JPEG.");
});

test("--json prints the report and nothing else", async () => {
  const { code, stdout } = await check(BLOCKED, "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual(BLOCKED);
});

test("inputs that the images depend on go along, others are refused before anything is sent", async () => {
  const { asked } = await check(READY, "--model", "stability-ai/sdxl", "resolution=1024", "token_string=my dog");
  expect(asked).toMatchObject({ model: "stability-ai/sdxl", resolution: 1024, token_string: "my dog" });
  const person = await check(READY, "subject=person", "use_face_detection_instead=no");
  expect(person.asked).toMatchObject({ subject: "person", use_face_detection_instead: false });
  for (const word of ["steps=5", "resolution=big", "resolution"]) {
    expect(await check(READY, word)).toMatchObject({ code: 2, stdout: "", asked: undefined });
  }
});

test("a file or a model that is not there is said before anything is sent", async () => {
  const nofile = await easel(["check", "none.zip"], { cwd: folder, env: { EASEL_URL: "http://127.0.0.1:9" } });
  expect(nofile).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no file "none.zip"') });
  const nomodel = await check(READY, "--model", "you/none");
  expect(nomodel).toMatchObject({
    code: 1,
    asked: undefined,
    stderr: expect.stringContaining("There is no model you/none"),
  });
});
