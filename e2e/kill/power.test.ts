/**
 * What was acknowledged survives a power cut: an upload, a training state, published weights. Shown on a disk whose power
 * is cut, and by the order of calls to the kernel; each is skipped, with its reason, where a machine cannot do it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { archiveOf } from "../support/archive.ts";
import { copyBuild } from "../support/build.ts";
import { type Disk, makeDisk } from "../support/disk.ts";
import { type Call, missingStep, readCalls, tracing, whyNoTrace } from "../support/trace.ts";
import { train, upload } from "./clients.ts";
import { attemptFolder, blobPath, hashOf } from "./facts.ts";
import { kill, World } from "./world.ts";

test("an upload, the newest training state and published weights are there after a power cut", async ({ skip }) => {
  const disk = makeDisk();
  if (typeof disk === "string") return skip(disk);
  const world = await World.make({ data: join(disk.path, "data") });
  await world.start();
  const id = await train(world, 1, { steps: 80, step_seconds: 0.03, state_every: 10 });
  const archive = await archiveOf(2);
  await world.until("two states are written", ({ attempts }) => (attempts[0]?.state_step ?? 0) >= 20);
  await upload(world, archive, 2);
  const step = await cutPower(world, disk);
  expect(hashOf(blobPath(world.data, sha256(archive)))).toBe(sha256(archive));
  const state = join(attemptFolder(world.data, { run_id: id, number: 1 }), `state-${step}`, "state.json");
  expect(JSON.parse(readFileSync(state, "utf8"))).toMatchObject({ step });

  await world.start();
  await world.untilEnded();
  const training = await world.server.client.trainings.get(id);
  expect(training).toMatchObject({ status: "succeeded", logs: expect.stringContaining(`resuming after step ${step}`) });
  await cutPower(world, disk);
  const [version] = world.facts().versions.filter((one) => one.training_id === id);
  expect(version?.weights_sha256).toBeTypeOf("string");
  expect(hashOf(blobPath(world.data, version?.weights_sha256 ?? ""))).toBe(version?.weights_sha256);
});

test("the cut disk would show an upload that is acknowledged without waiting for its bytes", async ({ skip }) => {
  const disk = makeDisk();
  if (typeof disk === "string") return skip(disk);
  const edit = { file: "files/blobs.js", find: "await handle.sync();", replace: "" };
  const world = await World.make({ data: join(disk.path, "data"), build: copyBuild([edit]) });
  await world.start();
  const archive = await archiveOf(2);
  await upload(world, archive, 2);
  await cutPower(world, disk);
  expect(hashOf(blobPath(world.data, sha256(archive)))).not.toBe(sha256(archive));
});

test("bytes, their name and their row are on the disk, in this order, before anyone hears of them", async ({
  skip,
}) => {
  const reason = whyNoTrace();
  if (reason !== undefined) return skip(reason);
  const world = await World.make();
  const trace = join(world.data, "..", "trace");
  // libuv may hand file calls to io_uring, where strace does not see them.
  await world.start({ under: tracing(trace), env: { UV_USE_IO_URING: "0" } });
  const archive = await archiveOf(1);
  const id = await train(world, 1, { steps: 4, state_every: 2 });
  await world.untilEnded();
  await upload(world, archive, 1);
  await world.end();
  const calls = readCalls(trace);
  const blob = blobPath(world.data, sha256(archive));
  const folder = attemptFolder(world.data, { run_id: id, number: 1 });
  const [version] = world.facts().versions.filter((one) => one.training_id === id);
  const weights = blobPath(world.data, version?.weights_sha256 ?? "");
  expect(
    missingStep(calls, {
      "the upload's bytes are synced": synced(join(world.data, "incoming")),
      "it gets its name": renamed(blob),
      "the name is synced": synced(join(blob, "..")),
      "its row is synced": synced(join(world.data, "easel.db-wal")),
      "the client is answered": ({ text }) => text.includes('"HTTP/1.1 201'),
    }),
  ).toBeUndefined();
  expect(
    missingStep(calls, {
      "the attempt's folder is synced in its own": synced(join(world.data, "runs", id)),
      "the state's bytes are synced": synced(join(folder, "state-2", "state.json")),
      "its names are synced": synced(join(folder, "state-2")),
      "its own name is synced": synced(folder),
      "it is in the journal": ({ text }) => text.includes("events.jsonl") && text.includes('{\\"type\\":\\"state\\"'),
      "the journal is synced": synced(join(folder, "events.jsonl")),
      "the server hears of it": ({ name, text }) => name === "sendto" && text.includes('{\\"type\\":\\"state\\"'),
      "it is committed": synced(join(world.data, "easel.db-wal")),
    }),
  ).toBeUndefined();
  expect(
    missingStep(calls, {
      "the weights' bytes are synced": synced(join(folder, "trained_model.tar")),
      "they are in the journal": ({ text }) =>
        text.includes("events.jsonl") && text.includes('{\\"type\\":\\"output\\"'),
      "they get their name": renamed(weights),
      "the name is synced": synced(join(weights, "..")),
      "the version is committed": synced(join(world.data, "easel.db-wal")),
      "the process hears of it": ({ text }) => text.includes('{\\"type\\":\\"ack\\"'),
    }),
  ).toBeUndefined();
  // The same bytes again have their name already, but nobody has said that it was synced.
  expect(calls.filter(synced(join(blob, ".."))).length).toBeGreaterThanOrEqual(2);
});

/** Stops everything where it is, and cuts the power. Gives the newest state's step that the server has acknowledged to anyone. */
async function cutPower(world: World, disk: Disk): Promise<number> {
  for (const { pid } of world.processes()) kill(pid, "SIGSTOP");
  kill(world.server.pid, "SIGSTOP");
  const step = world.facts().attempts[0]?.state_step ?? 0;
  await disk.cutPower(() => world.end());
  expect(existsSync(world.data)).toBe(true);
  return step;
}

function synced(path: string): (call: Call) => boolean {
  const inside = path.endsWith("incoming");
  return ({ name, text }) =>
    (name === "fsync" || name === "fdatasync") && (inside ? text.includes(`<${path}/`) : text.includes(`<${path}>`));
}

function renamed(to: string): (call: Call) => boolean {
  return ({ name, text }) => name.startsWith("rename") && text.includes(`, "${to.slice(0, 60)}`);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
