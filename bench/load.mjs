/**
 * What a server under load answers: reads and creates a second, how long they take, what open event streams cost, how soon
 * an event is with who watches, and a whole prediction on a warm echo. One server, one client process, two cores.
 *
 *   node bench/load.mjs
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bareInserts } from "./bare-insert.mjs";

const MAIN = fileURLToPath(new URL("../e2e/support/server-main.mjs", import.meta.url));
const ECHO = createHash("sha256").update("easel/echo 1").digest("hex");
const TOKEN = "r8_bench0000000000000000000000000000000000";
const CONNECTIONS = 8;
const SECONDS = 4;
const STREAMS = 500;
const WAITS = 60;
const BARS = { reads: 1500, creates: 300, createP99: 50, streamMegabytes: 300, eventP95: 100, waitP50: 25 };

const folder = mkdtempSync(join(tmpdir(), "easel-load-"));
const servers = [];
try {
  const bare = percentile(bareInserts(folder, 300), 0.5);
  console.log(`a bare durable insert, p50: ${bare.toFixed(2)} ms`);
  // Runs stay in the queue here, so that what is measured is the server and no model beside it.
  const queue = await start("queue", { EASEL_TEST_CPUS: "1", EASEL_TEST_PROCESSES_MAX: "0" });
  const { id } = (await queue.ask("POST", "/v1/predictions", { version: ECHO, input: {} })).body;
  const reads = await load(queue, () => queue.ask("GET", `/v1/predictions/${id}`), 200);
  report("reads a second", reads.perSecond, "", BARS.reads, "least");
  explain(reads);
  let number = 0;
  const create = () => queue.ask("POST", "/v1/predictions", { version: ECHO, input: { text: `number ${number++}` } });
  const creates = await load(queue, create, 201);
  report("creates of predictions a second", creates.perSecond, "", BARS.creates, "least");
  report("  of these, p99", percentile(creates.times, 0.99), "ms", BARS.createP99, "most");
  explain(creates);
  report(`memory with ${STREAMS} open event streams`, await withStreams(queue, id), "MB", BARS.streamMegabytes, "most");
  await queue.stop();

  const echo = await start("echo", {});
  const waits = await waitTimes(echo);
  report("create with Prefer: wait on a warm echo, p50", percentile(waits, 0.5), "ms", BARS.waitP50, "most");
  console.log(
    `  p95 ${percentile(waits, 0.95).toFixed(1)} ms; p50 is ${(percentile(waits, 0.5) / bare).toFixed(0)} bare durable inserts`,
  );
  const delays = await eventDelays(echo);
  report("from an event to who watches, p95", percentile(delays, 0.95), "ms", BARS.eventP95, "most");
  console.log(`  p50 ${percentile(delays, 0.5).toFixed(1)} ms, of ${delays.length} events`);
  await echo.stop();
} finally {
  for (const server of servers) server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** A server of its own, in a process of its own. */
async function start(name, more) {
  const env = { EASEL_DATA: join(folder, name), EASEL_PORT: "0", EASEL_TOKEN: TOKEN, EASEL_ACCOUNT: "you", ...more };
  const server = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  servers.push(server);
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  const url = line.slice(line.indexOf("http"));
  const agent = new Agent({ keepAlive: true, maxSockets: STREAMS + CONNECTIONS });
  const ask = (method, path, body, headers) => answer(agent, url + path, method, body, headers);
  const stop = async () => {
    agent.destroy();
    server.kill();
    await once(server, "exit");
  };
  return { pid: server.pid, url, agent, ask, stop };
}

/** Status and parsed body of one request. */
async function answer(agent, url, method, body, headers = {}) {
  const sent = {
    Authorization: `Bearer ${TOKEN}`,
    ...(body ? { "Content-Type": "application/json" } : {}),
    ...headers,
  };
  const asked = request(url, { method, agent, headers: sent });
  asked.end(body && JSON.stringify(body));
  const [reply] = await once(asked, "response");
  let text = "";
  for await (const chunk of reply.setEncoding("utf8")) text += chunk;
  return { status: reply.statusCode, body: text === "" ? undefined : JSON.parse(text) };
}

/** As many as some connections get answered, one after another each, after a second to warm up. */
async function load({ pid }, ask, status) {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => repeat(ask, status, 1)));
  const [started, cpu] = [performance.now(), cpuMilliseconds(pid)];
  const times = (await Promise.all(Array.from({ length: CONNECTIONS }, () => repeat(ask, status, SECONDS)))).flat();
  const perSecond = (times.length * 1000) / (performance.now() - started);
  return { times, perSecond, cpuEach: (cpuMilliseconds(pid) - cpu) / times.length };
}

/** What the server's process has computed so far: on a machine with other work it says more than the clock. */
function cpuMilliseconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function explain({ times, cpuEach }) {
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(times, share).toFixed(1));
  console.log(`  p50 ${p50} ms, p99 ${p99} ms; ${cpuEach.toFixed(2)} ms of the server's CPU each`);
}

async function repeat(ask, status, seconds) {
  const times = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const started = performance.now();
    const reply = await ask();
    times.push(performance.now() - started);
    if (reply.status !== status) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
  }
  return times;
}

/** Megabytes of the server while that many watch a run. */
async function withStreams(server, id) {
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => open(server, id)));
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const megabytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
  for (const stream of streams) stream.destroy();
  return megabytes;
}

/** A run's event stream, its first bytes read. */
async function open({ url, agent }, id) {
  const asked = request(`${url}/v1/runs/${id}/events`, { agent, headers: { Authorization: `Bearer ${TOKEN}` } }).end();
  const [reply] = await once(asked, "response");
  await once(reply, "data");
  return reply;
}

async function waitTimes({ ask }) {
  const times = [];
  for (let number = -5; number < WAITS; number++) {
    const started = performance.now();
    const body = { version: ECHO, input: { text: `wait ${number}` } };
    const reply = await ask("POST", "/v1/predictions", body, { Prefer: "wait" });
    if (reply.body.status !== "succeeded") throw new Error(JSON.stringify(reply.body));
    // The first ones start the process and warm it.
    if (number >= 0) times.push(performance.now() - started);
  }
  return times;
}

/** Milliseconds from when the model process wrote an event down until it was read from the stream, on one clock. */
async function eventDelays({ url, agent, ask }) {
  const input = { repeat: 4, delay_seconds: 1.5, format: "txt" };
  const delays = [];
  for (let number = 0; number < 5; number++) {
    const { id } = (await ask("POST", "/v1/predictions", { version: ECHO, input: { ...input, text: `${number}` } }))
      .body;
    const asked = request(`${url}/v1/runs/${id}/events`, {
      agent,
      headers: { Authorization: `Bearer ${TOKEN}` },
    }).end();
    const [reply] = await once(asked, "response");
    for await (const line of createInterface({ input: reply })) {
      const { at } = line.startsWith("data:") ? JSON.parse(line.slice(5)) : {};
      if (at !== undefined) delays.push(Date.now() - Date.parse(at));
    }
  }
  return delays;
}

function percentile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)];
}

function report(what, value, unit, bar, which) {
  const passed = which === "least" ? value >= bar : value <= bar;
  console.log(`${passed ? "✓" : "✗"} ${what}: ${value.toFixed(value < 1000 ? 1 : 0)} ${unit} (at ${which} ${bar})`);
  if (!passed) process.exitCode = 1;
}
