/**
 * Replicate's own command line cannot be installed by npm or pip, so what it sends is replayed: version 0.8.0's requests,
 * with their headers and bodies, in their order, from a fixture that was written from its source.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { archiveOf } from "../support/archive.ts";
import { faultsIn } from "../support/oracle.ts";
import { startRecorder } from "../support/recorder.ts";
import { ECHO_VERSION, startServer, type TestServer, TOKEN } from "../support/server.ts";

const Sent = z.strictObject({
  /** Method and path behind the base URL, or a whole URL that a reply gave. */
  send: z.string(),
  body: z.json().optional(),
  upload: z
    .strictObject({
      name: z.string(),
      type: z.string(),
      text: z.string().optional(),
      archive: z.boolean().optional(),
    })
    .optional(),
  accept: z.string().optional(),
  withoutToken: z.boolean().optional(),
  status: z.int(),
  /** Part of the reply; "*" is any text. */
  shows: z.record(z.string(), z.json()).optional(),
  /** Sent again until the run has this status. */
  until: z.string().optional(),
  /** The outputs of the stream that the reply is, put together. */
  streams: z.string().optional(),
  /** What is put into later requests: name → place in the reply. */
  keep: z.record(z.string(), z.string()).optional(),
});
type Sent = z.infer<typeof Sent>;

const FIXTURE = fileURLToPath(new URL("./fixtures/go-cli.json", import.meta.url));
const SESSIONS = z
  .array(z.strictObject({ command: z.string(), requests: z.array(Sent) }))
  .parse(JSON.parse(readFileSync(FIXTURE, "utf8")));
const BOUNDARY = "4f2a";

let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "easel-go-"));
  server = await startServer({ data: join(folder, "data") });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the command line's requests are answered as it needs them", async () => {
  const recorder = await startRecorder(server.url);
  const values = new Map([["echo", ECHO_VERSION]]);
  const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values.get(name) ?? "");
  for (const { command, requests } of SESSIONS) {
    for (const sent of requests) {
      const filled = Sent.parse(JSON.parse(fill(JSON.stringify(sent))));
      const reply = await answer(`${recorder.url}/v1`, filled);
      const what = `${fill(command)}: ${filled.send}`;
      expect([what, reply.status]).toEqual([what, filled.status]);
      if (filled.shows !== undefined)
        expect([what, JSON.parse(reply.text)]).toMatchObject([what, anyText(filled.shows)]);
      if (filled.streams !== undefined) expect(outputsOf(reply.text)).toBe(filled.streams);
      for (const [name, place] of Object.entries(sent.keep ?? {})) values.set(name, at(JSON.parse(reply.text), place));
    }
  }
  expect(faultsIn(recorder.exchanges)).toEqual([]);
  for (const { body, headers } of recorder.exchanges) {
    if (headers["content-type"]?.startsWith("application/json")) expectGoTypes(JSON.parse(body.toString("utf8")));
  }
}, 120_000);

/** Go's client decodes into these types, and fails where they do not fit. */
function expectGoTypes(reply: unknown): void {
  const texts = z.record(z.string(), z.string());
  z.union([
    z.array(z.unknown()),
    z.looseObject({
      urls: texts.optional(),
      run_count: z.int().optional(),
      metadata: texts.optional(),
      size: z.int().optional(),
      logs: z.string().nullish(),
      detail: z.string().optional(),
    }),
  ]).parse(reply);
}

interface Reply {
  status: number;
  text: string;
}

async function answer(baseUrl: string, sent: Sent): Promise<Reply> {
  const deadline = Date.now() + 60_000;
  while (true) {
    const reply = await send(baseUrl, sent);
    if (sent.until === undefined || at(JSON.parse(reply.text), "status") === sent.until) return reply;
    if (Date.now() > deadline) throw new Error(`${sent.send} never was ${sent.until}: ${reply.text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** As Go's net/http sends it: every request has a Content-Type, also where it has no body. */
async function send(baseUrl: string, sent: Sent): Promise<Reply> {
  const [method = "", path = ""] = sent.send.split(" ");
  const body = await bodyOf(sent);
  const headers = {
    "User-Agent": "replicate-cli/0.8.0",
    "Accept-Encoding": "gzip",
    ...(sent.accept === undefined ? {} : { Accept: sent.accept, "Cache-Control": "no-cache" }),
    ...(sent.withoutToken ? {} : { Authorization: `Bearer ${TOKEN}` }),
    "Content-Type": sent.upload === undefined ? "application/json" : `multipart/form-data; boundary=${BOUNDARY}`,
    ...(method === "GET" ? {} : { "Content-Length": String(body.length) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(path.startsWith("http") ? path : baseUrl + path, { method, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function bodyOf({ body, upload }: Sent): Promise<Buffer> {
  if (upload === undefined) return Buffer.from(body === undefined ? "" : JSON.stringify(body));
  const content = upload.archive ? Buffer.from(await archiveOf(1)) : Buffer.from(upload.text ?? "");
  const head = `Content-Disposition: form-data; name="content"; filename="${upload.name}"\r\nContent-Type: ${upload.type}`;
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n`),
    content,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

function at(value: unknown, place: string): string {
  const found = place.split(".").reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);
  return z.string().parse(found);
}

function anyText(value: unknown): unknown {
  if (value === "*") return expect.any(String);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, anyText(inner)]));
}

/** What Replicate's reader of streams puts together of the output events; it needs the end behind the last of them. */
function outputsOf(text: string): string {
  const events = text.split("\n\n").map((block) => block.split("\n"));
  expect(events.findLast((lines) => lines.some((line) => line.startsWith("event: ")))).toContain("event: done");
  const outputs = events.filter((lines) => lines.includes("event: output"));
  const data = (lines: string[]) => lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
  return outputs.map((lines) => data(lines).join("\n")).join("");
}
