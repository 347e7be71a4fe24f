import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { browserCommand } from "./browser.ts";
import { readSettings } from "./settings.ts";

let EASEL_DATA = "";
beforeAll(() => {
  EASEL_DATA = mkdtempSync(join(tmpdir(), "easel-settings-"));
  writeFileSync(join(EASEL_DATA, "token"), "kept\n");
});
afterAll(() => rmSync(EASEL_DATA, { recursive: true }));

test("the server is this machine's unless one is named, with or without /v1", () => {
  expect(readSettings({}).url).toBe("http://127.0.0.1:7788");
  expect(readSettings({ EASEL_PORT: "9000" }).url).toBe("http://127.0.0.1:9000");
  expect(readSettings({ EASEL_URL: "https://box/v1/" }).url).toBe("https://box");
  expect(readSettings({ REPLICATE_BASE_URL: "http://box:1/v1" }).url).toBe("http://box:1");
  expect(readSettings({ EASEL_URL: "http://a", REPLICATE_BASE_URL: "http://b" }).url).toBe("http://a");
  expect(() => readSettings({ EASEL_URL: "box:7788" })).toThrow('EASEL_URL is "box:7788"');
});

test("the token is found where the server keeps it, on the server's machine only", () => {
  expect(readSettings({ EASEL_DATA }).token).toBe("kept");
  expect(readSettings({ EASEL_DATA, EASEL_URL: "http://localhost:1" }).token).toBe("kept");
  expect(readSettings({ EASEL_DATA, EASEL_URL: "http://box" }).token).toBeUndefined();
  expect(readSettings({ EASEL_DATA, EASEL_TOKEN: "named" })).toMatchObject({
    token: "named",
    tokenSource: "EASEL_TOKEN",
  });
});

test("a token of replicate.com goes to this machine's server only where no other is there", () => {
  const REPLICATE_API_TOKEN = "r8_abroad";
  expect(readSettings({ EASEL_DATA, REPLICATE_API_TOKEN }).token).toBe("kept");
  expect(readSettings({ EASEL_DATA: "/nowhere", REPLICATE_API_TOKEN }).token).toBe("r8_abroad");
  expect(readSettings({ EASEL_DATA, REPLICATE_API_TOKEN, REPLICATE_BASE_URL: "http://127.0.0.1:1/v1" }).token).toBe(
    "r8_abroad",
  );
});

test("a browser is opened where there is a desktop", () => {
  expect(browserCommand("linux", {})).toBeUndefined();
  expect(browserCommand("linux", { DISPLAY: ":0" })).toBe("xdg-open");
  expect(browserCommand("darwin", {})).toBe("open");
  expect(browserCommand("darwin", { SSH_CONNECTION: "1" })).toBeUndefined();
});
