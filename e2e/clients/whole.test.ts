/**
 * Replicate's own clients, unmodified, each through its whole surface; and all that the server answered them, judged by
 * Replicate's own document.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import Replicate from "replicate";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { DIFFERENCES, Oracle } from "../support/oracle.ts";
import { type Exchange, startRecorder } from "../support/recorder.ts";
import { ECHO_VERSION, PAGES_VERSION, startServer, type TestServer, TOKEN, WORDS_VERSION } from "../support/server.ts";
import { useEverything } from "./replicate.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ZIP = join(ROOT, "examples/fluent-3d.zip");
const PYTHON = join(ROOT, ".venv/bin/python");
/** Python's second client has the first one's name, so set-up puts it into a folder of its own, where it can be had. */
const REPLICATE_2 = join(ROOT, ".venv/replicate-2");
const run = promisify(execFile);

let folder: string;
let server: TestServer;
const exchanges: Exchange[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "easel-clients-"));
  server = await startServer({ data: join(folder, "data") });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Where a client is to go, so that what it hears is judged at the end. */
async function listenIn(): Promise<string> {
  const recorder = await startRecorder(server.url);
  onTestFinished(() => {
    exchanges.push(...recorder.exchanges);
  });
  return recorder.url;
}

async function python(script: string, env: Record<string, string>): Promise<string> {
  const args = [join(ROOT, "e2e/clients", script), ZIP, ECHO_VERSION, WORDS_VERSION, PAGES_VERSION];
  const { stdout } = await run(PYTHON, args, { env: { ...process.env, REPLICATE_API_TOKEN: TOKEN, ...env } });
  return stdout.trim();
}

test("npm replicate", async () => {
  await useEverything(`${await listenIn()}/v1`, ZIP);
});

test("PyPI replicate 1", async () => {
  expect(await python("replicate_1.py", { REPLICATE_BASE_URL: await listenIn() })).toBe("whole");
});

test.skipIf(!existsSync(REPLICATE_2))("PyPI replicate 2", async () => {
  const env = { REPLICATE_BASE_URL: `${await listenIn()}/v1`, PYTHONPATH: REPLICATE_2 };
  expect(await python("replicate_2.py", env)).toBe("whole");
});

test("a client whose connection breaks sends its create again, and there is one run", async () => {
  const recorder = await startRecorder(server.url);
  const replicate = new Replicate({ auth: TOKEN, baseUrl: `${recorder.url}/v1` });
  recorder.breakNext(({ method, url }) => method === "POST" && url === "/v1/predictions", 2);
  const input = { text: "sent three times", delay_seconds: 3 };
  const made = await replicate.predictions.create({ version: ECHO_VERSION, input, wait: true });
  const { results } = await replicate.predictions.list();
  expect(results.filter((one) => JSON.stringify(one.input) === JSON.stringify(input)).map(({ id }) => id)).toEqual([
    made.id,
  ]);
});

test("whatever they were answered is what Replicate's document says, but for what is named", () => {
  const oracle = new Oracle();
  const verdicts = exchanges.map((exchange) => oracle.judge(exchange));
  const faults = new Set(verdicts.flatMap((verdict) => verdict.faults));
  expect([...faults].sort()).toEqual(Object.keys(DIFFERENCES).sort());
  const used = new Set(verdicts.map((verdict) => verdict.operation));
  if (existsSync(REPLICATE_2)) expect(oracle.operations.filter((operation) => !used.has(operation))).toEqual([]);
});
