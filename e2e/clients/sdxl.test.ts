/**
 * Scripts written for replicate.com, the ids of its SDXL versions included, run with address and token changed and nothing
 * else. SDXL's own weights need a GPU: here the embedded base stands in for them, behind the same ids.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer, TOKEN } from "../support/server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ZIP = join(ROOT, "examples/fluent-3d.zip");
const run = promisify(execFile);

let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "easel-sdxl-"));
  server = await startServer({ data: join(folder, "data"), env: { EASEL_TEST_STAND_IN: "1" } });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ["JavaScript", process.execPath, "sdxl.mjs", "you/node"],
  ["Python", join(ROOT, ".venv/bin/python"), "sdxl.py", "you/python"],
])("in %s", async (_language, program, script, destination) => {
  const picture = join(folder, `${script}.png`);
  const address = { BASE_URL: `${server.url}/v1`, REPLICATE_BASE_URL: server.url, REPLICATE_API_TOKEN: TOKEN };
  await run(program, [join(ROOT, "e2e/clients/scripts", script), ZIP, destination, picture], {
    env: { ...process.env, ...address },
  });
  expect(readFileSync(picture).subarray(1, 4).toString()).toBe("PNG");
  const { results } = await server.client.trainings.list();
  expect(results[0]).toMatchObject({
    model: "stability-ai/sdxl",
    version: "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b",
    destination,
    status: "succeeded",
  });
});
