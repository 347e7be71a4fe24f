import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildCli, easel, type Route, sendEvents, sendJson, serve } from "./testing/easel.ts";
import { versionOf } from "./testing/versions.ts";

const RUN = "wm41d8ffq9rgj0cjb2ysrvzve0";
const MADE = "f".repeat(64);
const at = "2026-11-23T06:40:00.123456Z";
const emoji = versionOf("bases/emoji");

let folder = "";
let server: Awaited<ReturnType<typeof serve>> | undefined;
beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), "easel-cli-"));
  writeFileSync(join(folder, "data.zip"), "not really a zip");
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  server?.close();
  server = undefined;
});

function modelOf(owner: string, name: string, latest_version: unknown) {
  const links = { github_url: null, paper_url: null, license_url: null, weights_url: null, cover_image_url: null };
  const rest = { description: null, visibility: "private", is_official: false, run_count: 0, default_example: null };
  return { url: "http://x", owner, name, ...links, ...rest, latest_version, created_at: at };
}

function runOf(fields: object) {
  const urls = { get: "http://x", cancel: "http://x", web: `http://x/p/${RUN}?signature=s` };
  const ended = { error: null, logs: "", metrics: { predict_time: 92.4 }, source: "api", created_at: at, urls };
  return { id: RUN, model: "easel/emoji", version: emoji.id, input: {}, status: "succeeded", ...ended, ...fields };
}

const trained = runOf({ destination: "you/toy", output: { version: `you/toy:${MADE}`, weights: "http://x" } });
const events = [
  { type: "status", data: { status: "processing" } },
  { type: "stage", data: { attempt: 1, at, name: "training" } },
  { type: "progress", data: { attempt: 1, at, step: 100, total: 200 } },
  { type: "log", data: { attempt: 1, at, text: "100 of 200\nWarning: The loss runs away." } },
];
const done = { type: "done", data: { status: "succeeded" } };

const ROUTES: Record<string, Route> = {
  "GET /v1/models/easel/emoji": () => modelOf("easel", "emoji", emoji),
  [`GET /v1/models/easel/emoji/versions/${emoji.id}`]: () => emoji,
  "GET /v1/models/you/toy": () => modelOf("you", "toy", null),
  "POST /v1/files": (_, { body, headers }) => ({
    id: "f1",
    name: "data.zip",
    content_type: String(headers["content-type"]),
    size: body.length,
    etag: "e",
    checksums: { sha256: "s", md5: "m" },
    metadata: {},
    created_at: at,
    expires_at: at,
    urls: { get: "http://x/v1/files/f1", download: "http://x/v1/files/f1/download" },
  }),
  [`POST /v1/models/easel/emoji/versions/${emoji.id}/trainings`]: (response) =>
    sendJson(response, 201, { ...trained, status: "starting", output: null }),
  [`GET /v1/trainings/${RUN}`]: () => trained,
  [`GET /v1/runs/${RUN}/artifacts`]: () => ({ previous: null, next: null, results: [] }),
  [`GET /v1/runs/${RUN}/events`]: (response) => sendEvents(response, [...events, done]),
};

const TRAIN = ["train", "easel/emoji", "--destination", "you/toy", "input_images=@data.zip", "max_train_steps=200"];

async function run(words: string[], routes: Record<string, Route> = {}, interruptAt?: string) {
  server = await serve({ ...ROUTES, ...routes });
  return easel(words, { cwd: folder, env: { EASEL_URL: server.url }, interruptAt });
}

test("train sends the file, starts the run with typed inputs, and prints nothing but the version", async () => {
  const { code, stdout, stderr } = await run(TRAIN);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `you/toy:${MADE}\n` });
  const sent = server?.asked.find(({ path }) => path === "/v1/files");
  expect(sent?.body).toContain("not really a zip");
  expect(sent?.headers.authorization).toBe("Bearer secret");
  const created = server?.asked.find(({ path }) => path.endsWith("/trainings"));
  expect(JSON.parse(created?.body ?? "")).toEqual({
    destination: "you/toy",
    input: { max_train_steps: 200, input_images: "http://x/v1/files/f1" },
  });
  expect(stderr).toContain("step 100/200");
  expect(stderr).toContain("! The loss runs away.\n");
  expect(stderr).not.toContain("100 of 200");
  expect(stderr).toContain("trained you/toy in 1 min 32 s");
  expect(stderr).toContain('easel run you/toy prompt="a TOK emoji of a fox"');
  for (const control of ["\x1b", "\r"]) expect(stderr).not.toContain(control);
});

test("--edits sends the masks that the file names, and the edits with their URLs", async () => {
  writeFileSync(join(folder, "mask.png"), "not really a mask");
  const edits = { [MADE]: { crop: [0, 0, 64], mask: "mask.png" } };
  writeFileSync(join(folder, "edits.json"), JSON.stringify(edits));
  await run([...TRAIN, "--no-wait", "--edits", "edits.json"]);
  expect(server?.asked.some(({ body }) => body.includes("not really a mask"))).toBe(true);
  const created = server?.asked.find(({ path }) => path.endsWith("/trainings"));
  const sent = { [MADE]: { crop: [0, 0, 64], mask: "http://x/v1/files/f1" } };
  expect(JSON.parse(created?.body ?? "").input.edits).toEqual(sent);
  server?.close();
  const missing = await run([...TRAIN, "--edits", "none.json"]);
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no file "none.json"') });
});

test("a run that has failed is shown with the code that programs go by, which its JSON does not have", async () => {
  const failed = { ...trained, status: "failed", output: null, error: "It hung." };
  const ended = { type: "done", data: { status: "failed", error: "It hung.", code: "hang" } };
  const routes: Record<string, Route> = {
    [`GET /v1/trainings/${RUN}`]: () => failed,
    [`GET /v1/runs/${RUN}/events`]: (response) => sendEvents(response, [ended]),
  };
  const shown = await run(["trainings", "show", RUN], routes);
  expect(shown.stdout).toMatch(/^error +It hung\.\ncode +hang$/m);
  server?.close();
  const json = await run(["trainings", "show", RUN, "--json"], routes);
  expect(JSON.parse(json.stdout)).toMatchObject({ status: "failed", error: "It hung." });
  expect(json.stdout).not.toContain("code");
});

test("--json prints the training and nothing else; --no-wait leaves it", async () => {
  const followed = await run([...TRAIN, "--json"]);
  expect(JSON.parse(followed.stdout)).toMatchObject({ id: RUN, status: "succeeded" });
  server?.close();
  const left = await run([...TRAIN, "--no-wait"]);
  expect({ code: left.code, stdout: left.stdout }).toEqual({ code: 0, stdout: `${RUN}\n` });
  expect(left.stderr).toContain(`easel trainings follow ${RUN}`);
});

test("Ctrl-C leaves a training running and says how to come back", async () => {
  const open: Route = (response) => sendEvents(response, events);
  const { code, stdout, stderr } = await run(TRAIN, { [`GET /v1/runs/${RUN}/events`]: open }, "step 100/200");
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(stderr).toContain(`easel trainings follow ${RUN}`);
  expect(server?.asked.some(({ path }) => path.endsWith("/cancel"))).toBe(false);
});

test("a training that failed says why and where its log is", async () => {
  const failed = { ...trained, status: "failed", output: null, error: "no image could be read" };
  const { code, stderr } = await run(TRAIN, { [`GET /v1/trainings/${RUN}`]: () => failed });
  expect(code).toBe(1);
  expect(stderr).toContain("The training failed: no image could be read");
  expect(stderr).toContain(`easel trainings logs ${RUN}`);
});

test("a destination that is not there is said before anything is sent", async () => {
  const words = TRAIN.map((word) => (word === "you/toy" ? "you/toi" : word));
  const { code, stderr } = await run(words);
  expect(code).toBe(1);
  expect(stderr).toContain("easel model create you/toi --hardware cpu");
  expect(server?.asked.some(({ method }) => method === "POST")).toBe(false);
});

test("run saves each picture under a name of its own and prints the paths", async () => {
  const picture = Buffer.from("png").toString("base64");
  const output = [`data:image/png;base64,${picture}`, `data:image/png;base64,${picture}`];
  const prediction = runOf({ model: "you/toy", output, data_removed: false });
  const { code, stdout } = await run(["run", "easel/emoji", "prompt=a fox", "num_outputs=2", "-o", "pictures"], {
    "POST /v1/predictions": (response) => sendJson(response, 201, { ...prediction, status: "starting", output: null }),
    [`GET /v1/predictions/${RUN}`]: () => prediction,
  });
  expect(code).toBe(0);
  expect(stdout).toBe("pictures/toy-wm41d8ff-0.png\npictures/toy-wm41d8ff-1.png\n");
  expect(readdirSync(join(folder, "pictures"))).toEqual(["toy-wm41d8ff-0.png", "toy-wm41d8ff-1.png"]);
  expect(readFileSync(join(folder, "pictures", "toy-wm41d8ff-0.png"), "utf8")).toBe("png");
  const created = server?.asked.find(({ method, path }) => method === "POST" && path === "/v1/predictions");
  expect(JSON.parse(created?.body ?? "")).toEqual({ version: emoji.id, input: { prompt: "a fox", num_outputs: 2 } });
});

test("a model without a version says how to get one", async () => {
  const { code, stderr } = await run(["run", "you/toy", "prompt=a fox"]);
  expect(code).toBe(1);
  expect(stderr).toContain("easel train easel/emoji --destination you/toy");
});

test("refusals are shown with field, reason and next step", async () => {
  const refused: Route = (response) =>
    sendJson(response, 422, {
      title: "Input validation failed",
      detail: "- input.seed: Must be greater than or equal to 0\n",
      invalid_fields: [{ type: "number_gte", field: "input.seed", description: "Must be greater than or equal to 0" }],
    });
  const invalid = await run(["run", "easel/emoji", "seed=-1"], { "POST /v1/predictions": refused });
  expect(invalid.code).toBe(1);
  expect(invalid.stderr).toBe("✗ Input validation failed:\n  input.seed: Must be greater than or equal to 0\n");
  server?.close();
  const denied = await run(["model", "list"], {
    "GET /v1/models": (response) => sendJson(response, 401, { title: "Unauthenticated", detail: "no" }),
  });
  expect(denied).toMatchObject({ code: 1, stderr: expect.stringContaining("Set EASEL_TOKEN") });
});

test("a server that is not there is named, with how to start it", async () => {
  const { code, stderr } = await easel(["model", "list"], { env: { EASEL_URL: "http://127.0.0.1:9" } });
  expect(code).toBe(1);
  expect(stderr).toContain("The server at http://127.0.0.1:9 does not answer");
  expect(stderr).toContain("npm start");
});

test("a training state is asked for, and of a training that has ended nothing is asked", async () => {
  const asked = await run(["trainings", "save-state", RUN], {
    [`POST /v1/runs/${RUN}/save-state`]: () => ({ ...trained, status: "processing", output: null }),
  });
  expect(asked.stderr).toContain("after the step under way");
  const ended = await run(["trainings", "save-state", RUN], { [`POST /v1/runs/${RUN}/save-state`]: () => trained });
  expect(ended.stderr).toContain("has ended: succeeded");
});

test("a snapshot is published, and says which version came of it; its steps stand in the training's facts", async () => {
  const snapshot = (step: number) => ({
    type: "snapshot",
    attempt: 1,
    at,
    step,
    file: { name: "s.tar", size: 1, sha256: MADE, contentType: "application/x-tar", url: "http://x/s.tar" },
  });
  const results = [snapshot(50), snapshot(100), snapshot(100)];
  const routes: Record<string, Route> = {
    [`GET /v1/runs/${RUN}/artifacts`]: () => ({ previous: null, next: null, results }),
    [`POST /v1/runs/${RUN}/snapshots/50/publish`]: (response) => sendJson(response, 201, { ...emoji, id: MADE }),
  };
  const shown = await run(["trainings", "show", RUN], routes);
  expect(shown.stdout).toMatch(/snapshots +of steps 50, 100\n/);
  server?.close();
  const published = await run(["trainings", "publish", RUN, "--step", "50"], routes);
  expect([published.code, published.stdout]).toEqual([0, `you/toy:${MADE}\n`]);
  server?.close();
  const mistaken = await run(["trainings", "publish", RUN, "--step", "best"], routes);
  expect([mistaken.code, mistaken.stderr]).toEqual([2, expect.stringContaining('--step is "best".')]);
});

test.each([
  [["trian"], "Did you mean `easel train`?"],
  [["train", "easel/emoji", "--destnation", "you/toy"], "Did you mean --destination?"],
  [["train", "easel/emoji"], "--destination owner/name"],
  [["train"], "See --help"],
  [["run", "toy"], "owner/name"],
  [["trainings", "show", "1"], "26 letters and digits"],
])("easel %j is a wrong command line", async (words, hint) => {
  const { code, stdout, stderr } = await easel(words, { env: {} });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(hint);
});

test.each([[[]], [["--help"]], [["train", "--help"]], [["model"]], [["trainings", "logs", "-h"]]])(
  "easel %j prints help on stdout",
  async (words) => {
    const { code, stdout } = await easel(words, { env: {} });
    expect(code).toBe(0);
    expect(stdout).toContain("Usage\n  easel");
  },
);

const front = {
  owner: "you",
  name: "front",
  current_release: {
    number: 2,
    model: "easel/emoji",
    version: emoji.id,
    created_at: at,
    created_by: { type: "user", username: "you", name: "you" },
    configuration: { hardware: "cpu", min_instances: 0, max_instances: 3 },
  },
};

test("a deployment is made of a model's newest version, and changed under its name alone", async () => {
  const made = await run(["deployments", "create", "front", "--model", "easel/emoji"], {
    "POST /v1/deployments": () => front,
  });
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/deployment +you\/front\nrelease +2/) });
  const body = server?.asked.find(({ path }) => path === "/v1/deployments")?.body ?? "";
  expect(JSON.parse(body)).toEqual({
    name: "front",
    model: "easel/emoji",
    version: emoji.id,
    hardware: "cpu",
    min_instances: 0,
    max_instances: 1,
  });
  server?.close();
  const changed = await run(["deployment", "update", "front", "--max-instances", "3"], {
    "GET /v1/account": () => ({ type: "user", username: "you", name: "you" }),
    "PATCH /v1/deployments/you/front": () => front,
  });
  expect(changed.code).toBe(0);
  const patched = server?.asked.find(({ path }) => path === "/v1/deployments/you/front")?.body ?? "";
  expect(JSON.parse(patched)).toEqual({ max_instances: 3 });
});

test("a deployment that is not there is told with the way to those there are", async () => {
  const missing: Route = (response) => sendJson(response, 404, { detail: "could not be found", status: 404 });
  const { code, stderr } = await run(["deployments", "delete", "you/none"], {
    "DELETE /v1/deployments/you/none": missing,
  });
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("easel deployments list") });
});

test("a count that is none is refused before anything is asked", async () => {
  const { code, stderr } = await run(["deployments", "update", "you/front", "--max-instances", "many"]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("whole number") });
});

test("what is deleted is said with what it frees", async () => {
  const freeing =
    (bytes: number): Route =>
    (response) => {
      response.writeHead(204, { "easel-frees-bytes": String(bytes) }).end();
    };
  const version = "e".repeat(64);
  const words: [string[], string, Route, string][] = [
    [["model", "delete", `you/toy:${version}`], `/v1/models/you/toy/versions/${version}`, freeing(4e6), "frees 4.0 MB"],
    [["model", "delete", "you/toy"], "/v1/models/you/toy", freeing(0), "frees no space"],
    [["predictions", "delete", "a".repeat(26)], `/v1/runs/${"a".repeat(26)}`, freeing(20_000), "frees 20.0 kB"],
    [["trainings", "delete", "b".repeat(26)], `/v1/runs/${"b".repeat(26)}`, freeing(2e9), "frees 2.0 GB"],
  ];
  for (const [command, path, answer, said] of words) {
    server?.close();
    const { code, stderr } = await run(command, { [`DELETE ${path}`]: answer });
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(said) });
  }
});
