/** A restart of the server, asked for or not, is nothing that a run feels: its process goes on, and its log has no seam. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { archiveOf } from "../support/archive.ts";
import { copyBuild } from "../support/build.ts";
import { TOKEN } from "../support/server.ts";
import { check } from "./checker.ts";
import { cancel, predict, train } from "./clients.ts";
import { blobPath, hashOf, journalLines } from "./facts.ts";
import { pause, untilTrue, World } from "./world.ts";

test.each(["SIGTERM", "SIGKILL"] as const)(
  "a training outlives a restart by %s, and its reader misses nothing",
  async (signal) => {
    const world = await World.make();
    await world.start();
    const id = await train(world, 1, { steps: 250, step_seconds: 0.03, state_every: 30, sample_every: 20 });
    const transcript = readEvents(world, id);
    for (const steps of [10, 50]) {
      await world.until(`step ${steps} is done`, ({ events }) => count(events, "progress") >= steps);
      const [before] = world.processes();
      await world.server.stop(signal);
      const written = journalLines(world.data, { run_id: id, number: 1 }).length;
      await untilTrue("more events", () => journalLines(world.data, { run_id: id, number: 1 }).length > written);
      await world.start();
      expect(world.processes()).toEqual([before]);
    }
    await world.untilEnded();
    const { runs, attempts, processes, events } = world.facts();
    expect(runs.map((run) => run.status)).toEqual(["succeeded"]);
    expect(attempts).toHaveLength(1);
    expect(processes).toHaveLength(1);
    expect(check(world.data, world.history.read())).toEqual([]);
    // The stream's own last message stands for the attempt's `done`.
    expect(await transcript).toEqual(events.filter((event) => event.type !== "done").map((event) => event.number));
  },
);

test("a training that has run for an hour is not taken for a process that never came", async () => {
  const world = await World.make();
  await world.start();
  await train(world, 1, { steps: 80, step_seconds: 0.03 });
  await world.until("the training has begun", ({ events }) => count(events, "progress") > 5);
  await world.server.stop("SIGKILL");
  const database = new Database(join(world.data, "easel.db"));
  database.prepare("update processes set started_at = ?").run(new Date(Date.now() - 3_600_000).toISOString());
  database.close();
  await world.start();
  await world.untilEnded();
  expect(world.facts().attempts.map((attempt) => attempt.outcome)).toEqual(["succeeded"]);
});

test("after SIGTERM the server is not ready, begins nothing, and lets a request that is under way end", async () => {
  const world = await World.make({ cpus: 1, processesMax: 1 });
  await world.start();
  await train(world, 1, { steps: 100, step_seconds: 0.03, makes_room: false });
  await predict(world, 2);
  await world.until("the training has begun", ({ events }) => count(events, "progress") > 5);
  const archive = await archiveOf(7);
  const sending = slowly(archive, 1500);
  const uploaded = fetch(`${world.server.url}/v1/files`, sending);
  await pause(300);
  const ended = world.server.stop("SIGTERM");
  // At first it may still say 503; then it hangs up on whoever knocks. Ready it is never again.
  const answers = await untilGone(`${world.server.url}/health/ready`);
  expect(answers.filter((answer, index) => answer === 200 && index > 0 && answers[index - 1] !== 200)).toEqual([]);
  expect((await uploaded).status).toBe(201);
  expect(await ended).toBe(0);
  const sha256 = createHash("sha256").update(archive).digest("hex");
  expect(hashOf(blobPath(world.data, sha256))).toBe(sha256);
  expect(world.facts().runs.map((run) => run.status)).toEqual(["processing", "starting"]);
  await world.start();
  await world.untilEnded();
  expect(world.facts().attempts.map((attempt) => attempt.outcome)).toEqual(["succeeded", "succeeded"]);
});

test("a cancel that is accepted while the version is being published is kept", async () => {
  const find = "    const finished = await context.db";
  const wait = "    await new Promise((resolve) => setTimeout(resolve, 3000));\n";
  const world = await World.make({ build: copyBuild([{ file: "runs/finish.js", find, replace: wait + find }]) });
  await world.start();
  const id = await train(world, 1, { steps: 3 });
  await untilTrue("the training's last word", () =>
    journalLines(world.data, { run_id: id, number: 1 }).some((line) => line.includes('"type":"done"')),
  );
  await cancel(world, "training", id);
  expect(world.facts().runs.map((run) => run.status)).toEqual(["processing"]);
  await world.untilEnded();
  expect(world.facts().runs.map((run) => run.status)).toEqual(["canceled"]);
  expect(check(world.data, world.history.read())).toEqual([]);
});

/** The numbers of a run's events as a client sees them, over as many connections as it takes. */
async function readEvents(world: World, id: string): Promise<number[]> {
  const numbers: number[] = [];
  for await (const event of world.server.client.runs.events(id)) if (event.id !== null) numbers.push(event.id);
  return numbers;
}

function count(events: { type: string }[], type: string): number {
  return events.filter((event) => event.type === type).length;
}

/** A request that sends a file in two halves. */
function slowly(bytes: Uint8Array, milliseconds: number): RequestInit {
  const frame = [
    '--half\r\nContent-Disposition: form-data; name="content"; filename="slow.tar"\r\n\r\n',
    "\r\n--half--\r\n",
  ];
  async function* parts() {
    yield Buffer.concat([Buffer.from(frame[0] ?? ""), bytes.subarray(0, 600)]);
    await pause(milliseconds);
    yield Buffer.concat([bytes.subarray(600), Buffer.from(frame[1] ?? "")]);
  }
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "multipart/form-data; boundary=half" };
  const request: RequestInit & { duplex: "half" } = {
    method: "POST",
    headers,
    body: ReadableStream.from(parts()),
    duplex: "half",
  };
  return request;
}

/** What a server answered until it did not any more. */
async function untilGone(url: string): Promise<number[]> {
  const answers: number[] = [];
  for (;;) {
    try {
      answers.push((await fetch(url, { headers: { Connection: "close" } })).status);
    } catch {
      return answers;
    }
    await pause(5);
  }
}
