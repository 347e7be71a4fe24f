/** The journey of the README, by our command line and by Replicate's own clients, unmodified, on the real emoji base. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient, TrainingResult } from "@easel/contract";
import Replicate from "replicate";
import { afterAll, assert, beforeAll, expect, test } from "vitest";
import { faultsIn } from "../support/oracle.ts";
import { type Recorder, startRecorder } from "../support/recorder.ts";
import { ECHO_VERSION, startServer, type TestServer, TOKEN } from "../support/server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ZIP = join(ROOT, "examples/fluent-3d.zip");
const PYTHON = join(ROOT, ".venv/bin/python");
const PROMPT = "a TOK emoji of a fox";
const run = promisify(execFile);

let folder: string;
let server: TestServer;
/** What stands between server and clients, and keeps what passes. */
let recorder: Recorder;
let version: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "easel-journey-"));
  server = await startServer({ data: join(folder, "data") });
  recorder = await startRecorder(server.url, afterAll);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `npx easel …` as a user would, and gives its stdout and stderr. */
function easel(...args: string[]) {
  const env = { ...process.env, EASEL_URL: recorder.url, EASEL_TOKEN: TOKEN, NO_COLOR: "1" };
  return run(process.execPath, [join(ROOT, "cli/bin/easel.js"), ...args], { cwd: folder, env });
}

test("the command line makes a model, trains it and draws with it", async () => {
  expect((await easel("model", "create", "you/toy", "--hardware", "cpu")).stdout).toBe("you/toy\n");
  // Few steps: this is about the way, the bench about the result.
  const trained = await easel(
    "train",
    "easel/emoji",
    "--destination",
    "you/toy",
    `input_images=@${ZIP}`,
    "max_train_steps=8",
    "seed=0",
  );
  version = trained.stdout.trim();
  expect(version).toMatch(/^you\/toy:[0-9a-f]{64}$/);
  expect(trained.stderr).toMatch(/step \d\/8/);
  const drawn = await easel("run", "you/toy", `prompt=${PROMPT}`, "seed=1", "--output", "cli");
  const [picture = ""] = drawn.stdout.trim().split("\n");
  expect(readFileSync(join(folder, picture)).subarray(1, 4).toString()).toBe("PNG");
});

test("the weights as of a step are saved as they were then, and in another program's format", async () => {
  const [training] = (await server.client.trainings.list()).results;
  const { results } = await server.client.runs.artifacts(training?.id ?? "");
  const snapshot = results.find(({ type, step }) => type === "snapshot" && step === 4);
  const saved = await easel("weights", "download", "you/toy", "--step", "4", "--output", "step");
  expect(saved.stdout).toBe("step/toy.tar\n");
  const sha256 = createHash("sha256")
    .update(readFileSync(join(folder, "step/toy.tar")))
    .digest("hex");
  expect(sha256).toBe(snapshot?.file.sha256);
  const kohya = await easel("weights", "download", "you/toy", "--step", "4", "--format", "kohya", "--output", "kohya");
  expect(kohya.stdout.trim().split("\n")).toContain("kohya/toy-4.safetensors");
});

test("Replicate's clients for Node and Python draw the same picture from the same seed", async () => {
  const env = { ...process.env, REPLICATE_API_TOKEN: TOKEN };
  await run(process.execPath, [join(ROOT, "examples/run.mjs"), version, PROMPT, join(folder, "node.png")], {
    env: { ...env, EASEL_URL: `${recorder.url}/v1` },
  });
  await run(PYTHON, [join(ROOT, "examples/run.py"), version, PROMPT, join(folder, "python.png")], {
    env: { ...env, REPLICATE_BASE_URL: recorder.url },
  });
  const [cli = ""] = readdirSync(join(folder, "cli"));
  const picture = readFileSync(join(folder, "cli", cli));
  expect(readFileSync(join(folder, "node.png")).equals(picture)).toBe(true);
  expect(readFileSync(join(folder, "python.png")).equals(picture)).toBe(true);
});

test("Replicate's clients train: files go up, the training is followed, its version is run", async () => {
  const replicate = new Replicate({ auth: TOKEN, baseUrl: `${recorder.url}/v1` });
  const file = await replicate.files.create(new File([readFileSync(ZIP)], "data.zip", { type: "application/zip" }));
  // What is drawn and scored on the way is in the training above.
  const input = { input_images: file.urls.get, max_train_steps: 2, seed: 0, sample_steps: 0, publish: "last" };
  const emoji = await replicate.models.get("easel", "emoji");
  const training = await replicate.trainings.create("easel", "emoji", emoji.latest_version?.id ?? "", {
    destination: "you/toy",
    input,
  });
  // The client waits for a training by asking for the prediction of its id, and its types want that prediction.
  const ended = await replicate.wait(await replicate.predictions.get(training.id), { interval: 200 });
  expect(ended).toMatchObject({ status: "succeeded", error: null });
  const model = await replicate.models.get("you", "toy");
  expect(TrainingResult.parse(ended.output).version).toBe(`you/toy:${model.latest_version?.id}`);
});

test("a run that outlasts Prefer: wait=1 is waited for by polling, and still gives the file itself", async () => {
  const replicate = new Replicate({ auth: TOKEN, baseUrl: `${recorder.url}/v1` });
  const seen = new Set<string>();
  const options = { input: { delay_seconds: 3 }, wait: { mode: "block", timeout: 1, interval: 200 } } as const;
  const output = await replicate.run(`easel/echo:${ECHO_VERSION}`, options, (prediction) =>
    seen.add(prediction.status),
  );
  expect(seen).toContain("starting");
  const [image]: unknown[] = Array.isArray(output) ? output : [];
  assert(image instanceof ReadableStream);
  expect(
    Buffer.from(await new Response(image).arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe("PNG");
  const python = `import replicate, sys; print(replicate.run("easel/echo:${ECHO_VERSION}", input={"delay_seconds": 3, "text": "p"}, wait=1)[0].read()[1:4])`;
  const { stdout } = await run(PYTHON, ["-c", python], {
    env: { ...process.env, REPLICATE_API_TOKEN: TOKEN, REPLICATE_BASE_URL: recorder.url },
  });
  expect(stdout.trim()).toBe("b'PNG'");
});

test("the clients show why an input was refused, and why a run failed", async () => {
  const replicate = new Replicate({ auth: TOKEN, baseUrl: `${recorder.url}/v1` });
  await expect(replicate.run(`easel/echo:${ECHO_VERSION}`, { input: { repeat: 9 } })).rejects.toThrow(
    /Must be less than or equal to 4/,
  );
  await expect(replicate.run(`easel/echo:${ECHO_VERSION}`, { input: { fail: "as told" } })).rejects.toThrow(/as told/);
  await expect(easel("run", "easel/echo", "fail=as told")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("as told"),
  });
});

test("--web's page opens by its signed link alone, and the link reads this run and no more", async () => {
  const prediction = await server.client.predictions.createForModel(
    "easel",
    "echo",
    { input: {} },
    { waitSeconds: 20 },
  );
  const page = await fetch(prediction.urls.web);
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect((await fetch(`${recorder.url}/p/${prediction.id}`)).status).toBe(401);
  const reader = createClient({ baseUrl: recorder.url, runLink: new URL(prediction.urls.web).search.slice(1) });
  expect(await reader.predictions.get(prediction.id)).toMatchObject({ id: prediction.id, status: "succeeded" });
  await expect(reader.predictions.cancel(prediction.id)).rejects.toMatchObject({ status: 401 });
  await expect(reader.predictions.list()).rejects.toMatchObject({ status: 401 });
});

test("whatever they were answered is what Replicate's document says, but for what is named", () => {
  expect(recorder.exchanges.length).toBeGreaterThan(0);
  expect(faultsIn(recorder.exchanges)).toEqual([]);
});
