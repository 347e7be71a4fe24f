/**
 * The whole journey by itself: a server on a free port with a folder of its own, a model trained on the demo's images,
 * pictures drawn with it. Touches neither the user's data nor the usual port, and leaves only `demo-output/`.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./command.mjs";
import { setUp } from "./setup.mjs";
import { bold, dim, main, say, Trouble } from "./words.mjs";

const OUTPUT = join(ROOT, "demo-output");
const ZIP = join("examples", "fluent-3d.zip");
const SEED = 7;

/** None of these is among the images that the demo trains on. */
const PICTURES = [
  { file: "fox-before.png", model: "easel/emoji", prompt: "an emoji of a fox" },
  { file: "fox.png", model: "you/toy", prompt: "a TOK emoji of a fox" },
  { file: "rocket.png", model: "you/toy", prompt: "a TOK emoji of a rocket" },
  { file: "snowman.png", model: "you/toy", prompt: "a TOK emoji of a snowman" },
];

await main(async () => {
  await setUp();
  const started = performance.now();
  const data = mkdtempSync(join(tmpdir(), "easel-demo-"));
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  let server;
  try {
    server = await startServer(data);
    await journey({ EASEL_DATA: data, EASEL_URL: server.url }, stop.signal);
    say(
      `\n${bold("Done")} in ${Math.round((performance.now() - started) / 1000)} s. The pictures are in demo-output/:`,
    );
    for (const { file, prompt } of PICTURES) say(`  ${file.padEnd(16)} ${dim(prompt)}`);
    say(`All on one page: ${join(OUTPUT, "index.html")}`);
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say("\nStopped.");
    return 130;
  } finally {
    if (server) await stopServer(server, data);
    rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
});

/** The three commands, and a picture more or two. */
async function journey(env, signal) {
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT);
  const easel = (...words) => runCli(words, env, signal);
  await easel("model", "create", "you/toy", "--hardware", "cpu");
  await easel("train", "easel/emoji", "--destination", "you/toy", `input_images=@${ZIP}`);
  for (const { file, model, prompt } of PICTURES) {
    const saved = await easel("run", model, `prompt=${prompt}`, `seed=${SEED}`, "--output", "demo-output");
    renameSync(join(ROOT, saved.trim().split("\n")[0]), join(OUTPUT, file));
  }
  writeFileSync(join(OUTPUT, "index.html"), page());
}

/** Runs our command line as a person would; its words go to the terminal, its data come back. */
function runCli(words, env, signal) {
  const shown = words.map((word) => (/[\s"]/.test(word) ? word.replace(/^([^=]*=)?(.*)$/s, '$1"$2"') : word)).join(" ");
  say(`\n${bold(`$ easel ${shown}`)}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "cli", "bin", "easel.js"), ...words], {
      cwd: ROOT,
      env: { ...process.env, EASEL_TOKEN: "", ...env },
      stdio: ["ignore", "pipe", "inherit"],
      signal,
      killSignal: "SIGTERM",
    });
    let data = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      data += text;
      process.stdout.write(text);
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve(data)
        : reject(new Trouble(`\`easel ${words[0]}\` ended with ${code}; what it said stands above.`)),
    );
  });
}

/** In a process group of its own, so that Ctrl-C reaches this script first, which then ends everything in order. */
function startServer(data) {
  const env = { ...process.env, EASEL_DATA: data, EASEL_HOST: "127.0.0.1", EASEL_PORT: "0", EASEL_ACCOUNT: "you" };
  for (const name of ["EASEL_TOKEN", "EASEL_PUBLIC_URL", "DATABASE_URL", "EASEL_STORAGE"]) delete env[name];
  const child = spawn(process.execPath, [join(ROOT, "server", "dist", "main.js")], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  return new Promise((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        const [, url] = /listens on (http:\S+)/.exec(output) ?? [];
        if (url) resolve({ child, url, ended });
      });
    }
    child.on("error", reject);
    ended.then(() => reject(new Trouble("the server ended before it listened, as the lines above say.", output)));
  });
}

/** Cancels what still runs, so that no model process outlives the demo; then ends the server. */
async function stopServer({ child, url, ended }, data) {
  await cancelAll(url, data).catch(() => undefined);
  child.kill("SIGTERM");
  const killed = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(killed);
}

async function cancelAll(url, data) {
  const headers = { Authorization: `Bearer ${readFileSync(join(data, "token"), "utf8").trim()}` };
  const listOpen = async () => {
    const lists = await Promise.all(
      ["trainings", "predictions"].map(
        async (kind) => (await (await fetch(`${url}/v1/${kind}`, { headers })).json()).results,
      ),
    );
    return lists.flat().filter(({ status }) => status === "starting" || status === "processing");
  };
  for (const run of await listOpen()) await fetch(run.urls.cancel, { method: "POST", headers });
  const deadline = Date.now() + 25_000;
  while ((await listOpen()).length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 250));
}

function page() {
  const figures = PICTURES.map(
    ({ file, model, prompt }) =>
      `<figure><img src="${file}" alt=""><figcaption><b>${prompt}</b><br>${model === "you/toy" ? "after the training" : "before it"}</figcaption></figure>`,
  );
  return `<!doctype html>
<meta charset="utf-8">
<title>What the demo drew</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem; color: #222; background: #fff; }
  figure { display: inline-block; margin: 1rem; width: 256px; }
  img { width: 256px; height: 256px; }
</style>
<h1>What the demo drew</h1>
${figures.join("\n")}
`;
}
