/**
 * What the server itself costs: memory when idle, the time to create a prediction, and the same row written by a bare
 * loop on the same disk, in the same run.
 *
 *   node bench/server.mjs
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig, startServer } from "@easel/server";
import { bareInserts } from "./bare-insert.mjs";

const CREATES = 300;
const IDLE_SECONDS = 5;
const BARS = { idleMegabytes: 150, createMilliseconds: 10 };
const TOKEN = "r8_bench0000000000000000000000000000000000";
const MAIN = fileURLToPath(new URL("../server/dist/main.js", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "easel-bench-"));
try {
  report("server idle, resident", await idleMegabytes(), "MB", BARS.idleMegabytes);
  const creates = await createTimes();
  const bare = bareInserts(folder, CREATES);
  report("create of a prediction, p50", median(creates), "ms", BARS.createMilliseconds);
  const ratio = (median(creates) / median(bare)).toFixed(1);
  console.log(
    `  p95 ${percentile(creates, 0.95).toFixed(1)} ms; a bare durable insert ${median(bare).toFixed(2)} ms; ratio ${ratio}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

/** Of the server as `npm start` runs it, a few seconds after it has begun to listen. */
async function idleMegabytes() {
  const server = spawn(process.execPath, [MAIN], {
    env: { ...process.env, EASEL_DATA: join(folder, "idle"), EASEL_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => server.stdout.once("data", resolve));
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  const megabytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
  server.kill();
  await new Promise((resolve) => server.once("exit", resolve));
  return megabytes;
}

/** On a machine without room for a model process, so that what is measured is the server and not torch starting beside it. */
async function createTimes() {
  const settings = { EASEL_DATA: join(folder, "data"), EASEL_PORT: "0", EASEL_TOKEN: TOKEN, EASEL_ACCOUNT: "you" };
  const device = { name: "cpu", kind: "cpu", label: "CPU", memoryBytes: 0, processesMax: 0 };
  const { url, stop } = await startServer(readConfig(settings), { devices: [device] });
  const creates = [];
  for (let number = 0; number < CREATES; number++) creates.push(await create(url, number));
  await stop();
  return creates;
}

/** Milliseconds until the answer to one create. The run is canceled right after: the queue stays empty. */
async function create(url, number) {
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ input: { prompt: `an emoji of the number ${number}` } });
  const started = performance.now();
  const reply = await fetch(`${url}/v1/models/easel/emoji/predictions`, { method: "POST", headers, body });
  const prediction = await reply.json();
  const milliseconds = performance.now() - started;
  if (reply.status !== 201) throw new Error(prediction.detail);
  await fetch(prediction.urls.cancel, { method: "POST", headers });
  return milliseconds;
}

function percentile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)];
}

function median(values) {
  return percentile(values, 0.5);
}

function report(what, value, unit, bar) {
  console.log(`${value <= bar ? "✓" : "✗"} ${what}: ${value.toFixed(1)} ${unit} (bar ${bar})`);
  if (value > bar) process.exitCode = 1;
}
