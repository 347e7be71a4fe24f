import { expect, test } from "vitest";
import { timestamp } from "../context.ts";
import { newFileId } from "../ids.ts";
import { makeWorld } from "../testing/world.ts";
import { resolveFileUrl } from "./resolve.ts";
import { signDownload, signPath, verifyPath } from "./sign.ts";
import { insertFile } from "./store.ts";

async function withFile() {
  const { context } = await makeWorld();
  const row = {
    id: newFileId(),
    account: "you",
    name: "a.zip",
    content_type: "application/zip",
    size: 1,
    sha256: "0".repeat(64),
    md5: "0".repeat(32),
    metadata: "{}",
    created_at: timestamp(context),
    expires_at: timestamp(context),
  };
  await insertFile(context.db, row);
  return { context, row };
}

test.each([
  (id: string) => `http://127.0.0.1:7788/v1/files/${id}`,
  (id: string) => `https://easel.example/v1/files/${id}`,
  (id: string) => `http://localhost/v1/v1/files/${id}`,
  (id: string) => `http://localhost/v1/files/${id}/download`,
])("a file is recognised by path, whatever the host: %s", async (urlOf) => {
  const { context, row } = await withFile();
  expect(await resolveFileUrl(context, "you", urlOf(row.id))).toEqual(row);
  expect(await resolveFileUrl(context, "someone", urlOf(row.id))).toBeUndefined();
});

test.each([
  (id: string) => id,
  (id: string) => `/v1/files/${id}`,
  (id: string) => `http://host/files/${id}`,
  (id: string) => `http://host/v1/files/${id}/other`,
  (id: string) => `ftp://host/v1/files/${id}`,
  () => `http://host/v1/files/${newFileId()}`,
])("what only looks like a file's URL is none: %s", async (urlOf) => {
  const { context, row } = await withFile();
  expect(await resolveFileUrl(context, "you", urlOf(row.id))).toBeUndefined();
});

test("a link that its owner signed opens the file to another account", async () => {
  const { context, row } = await withFile();
  const query = signDownload(context.signingKey, "you", row.id, Date.now() / 1000 + 60);
  expect(await resolveFileUrl(context, "someone", `http://host/v1/files/${row.id}/download?${query}`)).toEqual(row);
});

test("a signed path holds for itself, until it ends, and for nothing else", () => {
  const key = Buffer.from("key");
  const check = (link: string, nowMs = 0, with_ = key) => {
    const url = new URL(link, "http://host");
    return verifyPath(with_, url.pathname, url.searchParams, nowMs);
  };
  const forever = signPath(key, "/out/a.png");
  const short = signPath(key, "/out/a.png", 100);
  expect([check(forever), check(short, 99_999)]).toEqual([true, true]);
  expect(check(short, 100_000)).toBe(false);
  expect(check(short.replace("a.png", "b.png"))).toBe(false);
  expect(check(short.replace("expires=100&", ""))).toBe(false);
  expect(check(short.replace("expires=100", "expires=1000"))).toBe(false);
  expect(check(forever, 0, Buffer.from("other"))).toBe(false);
  expect(check("/out/a.png")).toBe(false);
});
