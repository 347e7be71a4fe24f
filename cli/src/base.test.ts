import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildCli, easel, serve } from "./testing/easel.ts";

let data = "";
beforeAll(() => {
  buildCli();
  data = mkdtempSync(join(tmpdir(), "easel-base-"));
});
afterAll(() => rmSync(data, { recursive: true }));

test("SDXL's licence is shown, and has to be accepted before anything is fetched", async () => {
  const { code, stderr } = await easel(["base", "get", "sdxl"], {});
  expect(code).toBe(2);
  expect(stderr).toContain("CreativeML Open RAIL++-M");
  expect(stderr).toContain("add --accept-licence");
  expect((await easel(["base", "get", "sd15"], {})).stderr).toContain("Write sdxl or sdxl-refiner.");
  expect((await easel(["base", "get", "sdxl-refiner"], {})).stderr).toContain("SDXL refiner 1.0 is under the");
});

test("a hub that does not answer is said with the way out", async () => {
  const env = { HF_ENDPOINT: "http://127.0.0.1:9", HF_HOME: join(data, "hf"), EASEL_DATA: data };
  const { code, stderr } = await easel(["base", "get", "sdxl", "--accept-licence"], { env });
  expect(code).toBe(1);
  expect(stderr).toContain("✗ No answer from 127.0.0.1:9");
  expect(stderr).toContain("HF_ENDPOINT a mirror");
});

test("bases are listed with what they weigh and how to get what is not there", async () => {
  const emoji = {
    name: "emoji",
    model: "easel/emoji",
    title: "E",
    needs: "cpu",
    installed: true,
    path: "/e",
    bytes: 5e7,
  };
  const sdxl = { name: "sdxl", model: "stability-ai/sdxl", title: "S", needs: "gpu", installed: false, path: null };
  const results = [
    { ...emoji, missing: [], fix: null },
    { ...sdxl, bytes: null, missing: [], fix: "easel base get sdxl" },
    { ...sdxl, name: "sdxl-refiner", model: null, bytes: null, missing: [], fix: "easel base get sdxl-refiner" },
  ];
  const server = await serve({ "GET /v1/bases": () => ({ results }) });
  const { stdout } = await easel(["base", "list"], { env: { EASEL_URL: server.url } });
  server.close();
  expect(stdout).toMatch(/easel\/emoji +there +50\.0 MB +CPU +\/e\n/);
  expect(stdout).toMatch(/sdxl-refiner +not there +GPU +easel base get sdxl-refiner\n/);
  expect(stdout).toMatch(/stability-ai\/sdxl +not there +GPU +easel base get sdxl\n/);
});
