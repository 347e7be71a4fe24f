/**
 * Pictures of every page, light and dark, wide and narrow, into screenshots/: on a server with a folder of its own, with
 * real pictures and a real training on it. For looking at what has changed; with --readme, the README's picture too.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openAsBlob, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./command.mjs";
import { findChromium } from "./setup/chromium.mjs";
import { setUp } from "./setup.mjs";
import { main, say, step } from "./words.mjs";

const FOLDER = join(ROOT, "screenshots");
const README_PICTURE = join(ROOT, "docs", "images", "training.png");
const ZIP = join(ROOT, "examples", "fluent-3d.zip");
const STEPS = 40;
const PROMPTS = ["fox", "rocket", "snowman", "guitar"].map((thing) => `a TOK emoji of a ${thing}`);
const WIDTHS = { wide: 1280, narrow: 360 };

await main(async () => {
  await setUp({ tests: true });
  const { createClient } = await import("@easel/contract");
  const { chromium } = await import("playwright-core");
  const { PAGES } = await import("../e2e/browser/pages.mjs");
  const data = mkdtempSync(join(tmpdir(), "easel-screenshots-"));
  const server = await startServer(data);
  const token = readFileSync(join(data, "token"), "utf8").trim();
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: await findChromium(), args });
  try {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER);
    for (const look of looks()) await takeEmpty(browser, server.url, token, look);
    const client = createClient({ baseUrl: server.url, token });
    const ids = await step("A training and some pictures to show", () => furnish(client));
    for (const look of looks()) {
      await step(`Pages, ${look.name}`, () => takeAll(browser, server.url, token, look, PAGES, ids));
    }
    await client.trainings.cancel(ids.running);
    await untilDone(client, ids.running);
    say(`The pictures are in ${FOLDER}`);
  } finally {
    await browser.close();
    server.child.kill();
    await once(server.child, "exit");
    rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
});

function looks() {
  return ["light", "dark"].flatMap((theme) =>
    Object.entries(WIDTHS).map(([name, width]) => ({ name: `${theme}-${name}`, theme, width })),
  );
}

/** What a newcomer sees, before there is anything. */
async function takeEmpty(browser, url, token, look) {
  const page = await openPage(browser, url, look);
  await page.getByLabel("API token").waitFor();
  await shoot(page, "sign-in", look);
  await signIn(page, token);
  await page.getByText("Your first fine-tune").waitFor();
  await shoot(page, "welcome", look);
  await page.context().close();
}

async function takeAll(browser, url, token, look, pages, ids) {
  const page = await openPage(browser, url, look);
  await signIn(page, token);
  for (const { name, path, shows } of pages) {
    await page.goto(path(ids));
    await page.getByText(shows).filter({ visible: true }).first().waitFor();
    await shoot(page, name, look);
    if (name === "training" && look.name === "light-wide" && process.argv.includes("--readme")) {
      await page.screenshot({ path: README_PICTURE, clip: { x: 0, y: 0, width: look.width, height: 860 } });
    }
  }
  await page.goto("/create?sample=true");
  await page.getByRole("button", { name: "Review images" }).click({ timeout: 60_000 });
  await page.getByRole("button", { name: "Crop" }).first().waitFor({ timeout: 120_000 });
  await shoot(page, "review", look);
  await page.getByRole("button", { name: "Crop" }).nth(1).click();
  await page.getByText("As it was found").waitFor();
  await shoot(page, "crop", look, false);
  await page.keyboard.press("Escape");
  await page.context().close();
}

async function openPage(browser, url, { theme, width }) {
  const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme: theme, baseURL: url });
  const page = await context.newPage();
  await page.goto("/");
  return page;
}

async function signIn(page, token) {
  await page.getByLabel("API token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("banner").getByRole("link", { name: "New training" }).waitFor();
}

/** The whole page; its sticky bar then stands where it belongs, at the end. */
async function shoot(page, name, look, fullPage = true) {
  await page.waitForLoadState("networkidle", { timeout: 3000 }).catch(() => undefined);
  await page.waitForFunction("[...document.images].every((image) => image.loading === 'lazy' || image.complete)");
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(FOLDER, `${name}-${look.name}.png`), fullPage });
}

async function furnish(client) {
  await client.models.create({ owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const file = await client.files.create({ name: "fluent-3d.zip", content: await openAsBlob(ZIP) });
  const emoji = await client.models.get("easel", "emoji");
  const training = await client.trainings.create("easel", "emoji", emoji.latest_version.id, {
    destination: "you/toy",
    input: { input_images: file.urls.get, max_train_steps: STEPS, seed: 7, publish: "last" },
  });
  const predictions = [];
  for (const prompt of PROMPTS) {
    predictions.push(await client.predictions.createForModel("easel", "emoji-3d", { input: { prompt, seed: 7 } }));
  }
  const failed = await client.predictions.createForModel("easel", "prepare", {
    input: { input_images: "http://127.0.0.1:9/a.zip" },
  });
  for (const { id } of [...predictions, failed, training]) await untilDone(client, id);
  const running = await client.trainings.create("easel", "emoji", emoji.latest_version.id, {
    destination: "you/toy",
    input: { input_images: file.urls.get, max_train_steps: 5000, sample_steps: 10 },
  });
  for await (const event of client.runs.events(running.id)) if (event.type === "sample" && event.data.step > 0) break;
  return { training: training.id, prediction: predictions[0].id, failed: failed.id, running: running.id };
}

async function untilDone(client, id) {
  for await (const event of client.runs.events(id)) if (event.type === "done") return;
}

/** As a newcomer has it: with a token of its own making. */
async function startServer(data) {
  const env = { ...process.env, EASEL_DATA: data, EASEL_HOST: "127.0.0.1", EASEL_PORT: "0", EASEL_ACCOUNT: "you" };
  for (const name of ["EASEL_TOKEN", "EASEL_PUBLIC_URL"]) delete env[name];
  const child = spawn(process.execPath, [join(ROOT, "server", "dist", "main.js")], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /listens on (\S+)/.exec(line) ?? [];
    if (url) return { url, child };
  }
  throw new Error("The server ended before it listened.");
}
