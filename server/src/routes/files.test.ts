import { createHash, randomBytes } from "node:crypto";
import { File as FileObject, FilePage, Problem } from "@easel/contract";
import Replicate from "replicate";
import { describe, expect, test } from "vitest";
import { signDownload } from "../files/sign.ts";
import { read } from "../testing/read.ts";
import { listDataFiles, makeWorld, type World } from "../testing/world.ts";

const ZIP = randomBytes(300_000);
const hash = (kind: string, data: Uint8Array) => createHash(kind).update(data).digest("hex");

function connect(world: World, token = world.token) {
  const app = world.app;
  return (path: string, init: RequestInit = {}) =>
    app.request(`http://127.0.0.1:7788/v1${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${token}`, ...init.headers },
    });
}

function form(parts: Record<string, string | Blob>, fileName?: string): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === "string") data.append(name, value);
    else data.append(name, value, ...(fileName !== undefined && name === "content" ? [fileName] : []));
  }
  return data;
}

describe("POST /v1/files", () => {
  test("keeps the bytes and answers with Replicate's file object", async () => {
    const world = await makeWorld();
    const request = connect(world);
    const content = new Blob([ZIP], { type: "application/zip" });
    const response = await request("/files", {
      method: "POST",
      body: form({ content, metadata: '{"a":"1"}' }, "pics.zip"),
    });
    expect(response.status).toBe(201);
    const file = await read(response, FileObject);
    expect(file).toMatchObject({
      name: "pics.zip",
      content_type: "application/zip",
      size: ZIP.length,
      metadata: { a: "1" },
    });
    expect(file.checksums).toEqual({ sha256: hash("sha256", ZIP), md5: hash("md5", ZIP) });
    expect(file.etag).toBe(file.checksums.md5);
    expect(file.urls.get).toBe(`http://127.0.0.1:7788/v1/files/${file.id}`);
    expect(file.id).toMatch(/^[\w-]{48}$/);
    const sha = file.checksums.sha256;
    expect(await listDataFiles(world.context)).toEqual([`blobs/${sha.slice(0, 2)}/${sha}`]);
  });

  test.each([
    ["JSON in a field, before the file", { metadata: '{"a":"1"}', content: new Blob(["x"]) }],
    [
      "JSON in a part that is a file",
      { content: new Blob(["x"]), metadata: new Blob(['{"a":"1"}'], { type: "application/json" }) },
    ],
    ["a field for each key", { content: new Blob(["x"]), "metadata[a]": "1" }],
  ])("takes metadata as %s", async (_form, parts) => {
    const response = await connect(await makeWorld())("/files", { method: "POST", body: form(parts, "a.txt") });
    expect(await response.json()).toMatchObject({ name: "a.txt", metadata: { a: "1" } });
  });

  test("lets the fields filename and type win over the part's own", async () => {
    const body = form({ content: new Blob(["x"]), filename: "Größe 2.zip", type: "application/zip" }, "other.bin");
    const response = await connect(await makeWorld())("/files", { method: "POST", body });
    expect(await response.json()).toMatchObject({ name: "Größe 2.zip", content_type: "application/zip" });
  });

  test("works with Replicate's own client", async () => {
    const world = await makeWorld();
    const app = world.app;
    const replicate = new Replicate({
      auth: world.token,
      baseUrl: "http://127.0.0.1/v1",
      fetch: async (input, init) => app.request(input instanceof Request ? input : String(input), init),
    });
    const file = await replicate.files.create(new File(["hello"], "hello.txt"), { kind: "greeting" });
    expect(file).toMatchObject({ name: "hello.txt", size: 5, metadata: { kind: "greeting" } });
    expect(await replicate.files.get(file.id)).toEqual(file);
    expect((await replicate.files.list()).results).toEqual([file]);
    expect(await replicate.files.delete(file.id)).toBe(true);
  });

  test("keeps the same content once", async () => {
    const world = await makeWorld();
    const request = connect(world);
    const send = () => request("/files", { method: "POST", body: form({ content: new Blob([ZIP]) }) });
    await Promise.all([send(), send(), send()]);
    expect(await listDataFiles(world.context)).toHaveLength(1);
    expect((await read(request("/files"), FilePage)).results).toHaveLength(3);
  });

  test("takes an empty file, and a part without a name", async () => {
    const body = '--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n\r\n--b--\r\n';
    const headers = { "Content-Type": "multipart/form-data; boundary=b" };
    const response = await connect(await makeWorld())("/files", { method: "POST", body, headers });
    expect(await response.json()).toMatchObject({ name: "upload", size: 0 });
  });
});

describe("what is refused leaves nothing behind", () => {
  const multipart = { "Content-Type": "multipart/form-data; boundary=b" };
  const part = (headers: string, body: string) =>
    `--b\r\nContent-Disposition: form-data; ${headers}\r\n\r\n${body}\r\n`;
  const content = part('name="content"; filename="a.zip"', "x".repeat(5000));

  test.each([
    ["no form at all", { "Content-Type": "application/json" }, "{}", 400, "multipart/form-data"],
    ["a form without a boundary", { "Content-Type": "multipart/form-data" }, content, 400, "multipart/form-data"],
    ["a form cut off in the file", multipart, content.slice(0, 3000), 400, "ends too early"],
    ["a form without its end", multipart, content, 400, "ends too early"],
    ["a form without the file", multipart, `${part('name="metadata"', "{}")}--b--\r\n`, 422, "content is required"],
    [
      "metadata that is a list",
      multipart,
      `${content}${part('name="metadata"', "[1]")}--b--\r\n`,
      422,
      "metadata: Invalid type",
    ],
    [
      "metadata that is no JSON",
      multipart,
      `${part('name="metadata"', "{")}${content}--b--\r\n`,
      422,
      "metadata: Invalid type",
    ],
    [
      "a name of 256 bytes",
      multipart,
      `${content}${part('name="filename"', "é".repeat(128))}--b--\r\n`,
      422,
      "255 bytes",
    ],
    [
      "a huge field",
      multipart,
      `${content}${part('name="metadata"', "x".repeat(200_000))}--b--\r\n`,
      400,
      "metadata is longer",
    ],
  ])("%s", async (_what, headers, body, status, words) => {
    const world = await makeWorld();
    const response = await connect(world)("/files", { method: "POST", headers, body });
    expect(response.status).toBe(status);
    expect((await read(response, Problem)).detail).toContain(words);
    expect((await read(connect(world)("/files"), FilePage)).results).toEqual([]);
    expect((await listDataFiles(world.context)).filter((path) => path.startsWith("incoming/"))).toEqual([]);
  });

  test("a file over the limit: 413 that names it, and no bytes kept", async () => {
    const world = await makeWorld({ EASEL_MAX_UPLOAD: "200000" });
    const response = await connect(world)("/files", { method: "POST", body: form({ content: new Blob([ZIP]) }) });
    expect(response.status).toBe(413);
    expect((await read(response, Problem)).detail).toMatch(
      /^Files must be less than 200kB in size\. .* EASEL_MAX_UPLOAD/,
    );
    expect(await listDataFiles(world.context)).toEqual([]);
  });

  test("a sender that goes away", async () => {
    const world = await makeWorld();
    const head = new TextEncoder().encode(content.slice(0, 4000));
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(head),
      pull: (controller) => controller.error(new Error("socket closed")),
    });
    const init: RequestInit & { duplex: "half" } = { method: "POST", headers: multipart, body, duplex: "half" };
    expect((await connect(world)("/files", init)).status).toBe(400);
    expect(await listDataFiles(world.context)).toEqual([]);
  });
});

describe("a file that is there", () => {
  async function withFile() {
    const world = await makeWorld();
    const response = await connect(world)("/files", {
      method: "POST",
      body: form({ content: new Blob([ZIP]) }, "ü.zip"),
    });
    return { world, file: await read(response, FileObject) };
  }

  test("is the same 404 to another account as one that never was", async () => {
    const { world, file } = await withFile();
    const other = connect(world, world.otherToken);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["GET", "/download"],
    ] as const) {
      const theirs = await other(`/files/${file.id}${path}`, { method });
      const never = await other(`/files/${"A".repeat(48)}${path}`, { method });
      expect([theirs.status, await theirs.json()]).toEqual([never.status, await never.json()]);
      expect(theirs.status).toBe(404);
    }
    expect((await read(other("/files"), FilePage)).results).toEqual([]);
    expect((await connect(world)(`/files/${file.id}`)).status).toBe(200);
  });

  test("is downloaded with a token, or by a signed link without one, as bytes that no browser runs", async () => {
    const { world, file } = await withFile();
    const app = world.app;
    const link = `/v1/files/${file.id}/download?${signDownload(world.context.signingKey, "you", file.id, Date.now() / 1000 + 60)}`;
    for (const response of [await app.request(link), await connect(world)(`/files/${file.id}/download`)]) {
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expect(response.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''%C3%BC.zip");
      expect(Buffer.from(await response.arrayBuffer()).equals(ZIP)).toBe(true);
    }
    expect((await app.request(`/v1/files/${file.id}/download`)).status).toBe(401);
  });

  test.each([
    ["forged", (query: URLSearchParams) => query.set("signature", "AAAA")],
    ["prolonged", (query: URLSearchParams) => query.set("expiry", "99999999999")],
    ["signed for someone else", (query: URLSearchParams) => query.set("owner", "someone")],
  ])("is not found by a link that is %s", async (_how, change) => {
    const { world, file } = await withFile();
    const query = signDownload(world.context.signingKey, "you", file.id, Date.now() / 1000 + 60);
    change(query);
    expect((await world.app.request(`/v1/files/${file.id}/download?${query}`)).status).toBe(404);
  });

  test("shows a link to its bytes that is good for a day and needs no token", async () => {
    let now = Date.now();
    const world = await makeWorld({}, { now: () => now });
    const made = await read(
      connect(world)("/files", { method: "POST", body: form({ content: new Blob([ZIP]) }) }),
      FileObject,
    );
    now += 86_400_000;
    const reply = await world.app.request(made.urls.download);
    expect(Buffer.from(await reply.arrayBuffer()).equals(ZIP)).toBe(true);
    now += 86_400_000;
    expect((await world.app.request(made.urls.download)).status).toBe(404);
  });

  test.each<[what: string, headers: Record<string, string>, status: number, from: number, to: number]>([
    ["the whole", {}, 200, 0, 300_000],
    ["a part in the middle", { Range: "bytes=10-19" }, 206, 10, 20],
    ["all behind a place", { Range: "bytes=299990-" }, 206, 299_990, 300_000],
    ["the last bytes", { Range: "bytes=-5" }, 206, 299_995, 300_000],
    ["a part that ends behind the end", { Range: "bytes=299999-400000" }, 206, 299_999, 300_000],
    ["a part of other bytes than these", { Range: "bytes=0-1", "If-Range": '"other"' }, 200, 0, 300_000],
    ["several parts at once", { Range: "bytes=0-1,4-5" }, 200, 0, 300_000],
    ["a range that is none", { Range: "bytes=9-1" }, 200, 0, 300_000],
    ["a part behind the end", { Range: "bytes=300000-" }, 416, 0, 0],
    ["what the client has", { "If-None-Match": `"${hash("sha256", ZIP)}"` }, 304, 0, 0],
  ])("gives %s", async (_what, headers, status, from, to) => {
    const { world, file } = await withFile();
    const reply = await connect(world)(`/files/${file.id}/download`, { headers });
    expect([reply.status, reply.headers.get("etag")]).toEqual([status, `"${file.checksums.sha256}"`]);
    expect(Buffer.from(await reply.arrayBuffer()).equals(ZIP.subarray(from, to))).toBe(true);
    if (status === 206) expect(reply.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/300000`);
    if (status === 416) expect(reply.headers.get("content-range")).toBe("bytes */300000");
  });

  test("tells its size to HEAD, without the bytes", async () => {
    const { world, file } = await withFile();
    const reply = await connect(world)(`/files/${file.id}/download`, { method: "HEAD" });
    expect([reply.status, reply.headers.get("content-length"), await reply.text()]).toEqual([200, "300000", ""]);
  });

  test("is not found by a link that is over", async () => {
    const { world, file } = await withFile();
    const query = signDownload(world.context.signingKey, "you", file.id, Date.now() / 1000 - 1);
    expect((await world.app.request(`/v1/files/${file.id}/download?${query}`)).status).toBe(404);
  });

  test("goes away by DELETE, with 204, once", async () => {
    const { world, file } = await withFile();
    const request = connect(world);
    expect((await request(`/files/${file.id}`, { method: "DELETE" })).status).toBe(204);
    expect((await request(`/files/${file.id}`, { method: "DELETE" })).status).toBe(404);
    expect((await request(`/files/${file.id}`)).status).toBe(404);
  });
});

test("a list goes on, newest first, by links that are followed as they are", async () => {
  const world = await makeWorld();
  const request = connect(world);
  let now = Date.now();
  world.context.now = () => now++;
  for (let index = 0; index < 103; index++) {
    await request("/files", { method: "POST", body: form({ content: new Blob(["x"]) }, `${index}.txt`) });
  }
  const first = await read(request("/files"), FilePage);
  const { pathname, search } = new URL(first.next ?? "");
  const second = await read(request(`${pathname.slice("/v1".length)}${search}`), FilePage);
  const names = [...first.results, ...second.results].map((file) => Number.parseInt(file.name, 10));
  expect(names).toEqual(Array.from({ length: 103 }, (_, index) => 102 - index));
  expect([first.results.length, first.previous, second.next]).toEqual([100, null, null]);
  expect((await request("/files?cursor=nonsense")).status).toBe(400);
});
