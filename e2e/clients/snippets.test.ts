/** The API tab's calls, each run as it is shown, with an input whose every character means something to some language. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Language, snippet } from "../../web/src/pages/model/snippets.ts";
import { startServer, type TestServer, TOKEN } from "../support/server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const REFERENCE = "easel/emoji-3d";
const INPUT = {
  prompt: `a TOK emoji of a "fox", it's $HOME \\n \`é`,
  num_inference_steps: 4,
  seed: 1,
  apply_watermark: false,
};
const run = promisify(execFile);

let folder: string;
let server: TestServer;
let version: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "easel-snippets-"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  server = await startServer({ data: join(folder, "data") });
  version = (await server.client.models.get("easel", "emoji-3d")).latest_version?.id ?? "";
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a snippet in a folder of its own, and gives what it printed. */
async function call(language: Language, name: string, ...command: [string, ...string[]]): Promise<string> {
  const code = snippet(language, { origin: server.url, reference: REFERENCE, version, input: INPUT });
  writeFileSync(join(folder, name), code);
  const path = [join(ROOT, ".venv", "bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, EASEL_TOKEN: TOKEN };
  const [program, ...args] = command;
  return (await run(program, [...args, name], { cwd: folder, env })).stdout;
}

/** What the server was asked for last. */
async function asked() {
  return (await server.client.predictions.list()).results[0]?.input;
}

test.each([
  ["Node", "call.mjs", process.execPath],
  ["Python", "call.py", "python"],
] as const)("%s", async (language, name, program) => {
  await call(language, name, program);
  expect(await asked()).toEqual(INPUT);
  const picture = join(folder, "out-0.png");
  expect(readFileSync(picture).subarray(1, 4).toString()).toBe("PNG");
  rmSync(picture);
});

test("curl", async () => {
  const reply = JSON.parse(await call("curl", "call.sh", "sh"));
  expect(await asked()).toEqual(INPUT);
  expect(reply).toMatchObject({ status: "succeeded", output: [expect.stringMatching(/^data:image\/png;base64,/)] });
});

test("the command line", async () => {
  const printed = await call("Command line", "call-easel.sh", "sh");
  expect(await asked()).toEqual(INPUT);
  const [picture = ""] = printed.trim().split("\n");
  expect(existsSync(join(folder, picture)), readdirSync(folder).join(" ")).toBe(true);
});
