/** What holds for every page: labels and contrast by axe, a phone's width, the keyboard, and strangers' words shown as words. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { archiveOf } from "../support/archive.ts";
import { ECHO_VERSION, startServer, type TestServer, TOKEN } from "../support/server.ts";
import { PAGES } from "./pages.mjs";
import { expectNoTroubles, makePerson, openBrowser, overhang, seriousIssues, signIn } from "./person.ts";

const SAMPLES = new URL("../../examples/fluent-3d.zip", import.meta.url);
const HOSTILE = [
  '<img src=x onerror="alert(1)">',
  "<script>alert(2)</script>",
  "javascript:alert(3)",
  '"><svg onload=alert(4)>',
  "{{constructor.constructor('alert(5)')()}}",
  "\u001b[31mred\u001b[0m \u202Etxet\u202C",
];

let folder: string;
let server: TestServer;
let browser: Browser;
let ids: { training: string; prediction: string; failed: string; running: string };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "easel-pages-"));
  server = await startServer({ data: join(folder, "data"), cpus: 2 });
  browser = await openBrowser();
  ids = await furnish();
});

afterAll(async () => {
  await browser.close();
  await server.client.trainings.cancel(ids.running);
  for await (const event of server.client.runs.events(ids.running)) if (event.type === "done") break;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A model, a training with samples, a prediction, and one whose every word is hostile. */
async function furnish(): Promise<typeof ids> {
  const { client } = server;
  await client.models.create({ owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const content = new Blob([new Uint8Array(await archiveOf(1))]);
  const file = await client.files.create({ name: "a.tar", content });
  const input = { input_images: file.urls.get, steps: 20, sample_every: 5, step_seconds: 0.01 };
  const training = await client.trainings.create("easel", "echo", ECHO_VERSION, { destination: "you/toy", input });
  const hostile = { text: HOSTILE.join("\n"), fail: HOSTILE.join("\n") };
  const failed = await client.predictions.createForModel("easel", "echo", { input: hostile }, { waitSeconds: 60 });
  const prediction = await client.predictions.createForModel("easel", "echo", { input: {} }, { waitSeconds: 60 });
  for await (const event of client.runs.events(training.id)) if (event.type === "done") break;
  const long = { ...input, steps: 100_000, step_seconds: 0.1, sample_every: 0 };
  const running = await client.trainings.create("easel", "echo", ECHO_VERSION, { destination: "you/toy", input: long });
  return { training: training.id, prediction: prediction.id, failed: failed.id, running: running.id };
}

describe.each(["light", "dark"] as const)("%s", (theme) => {
  test("no page has a serious issue, stands out of a phone's screen, or breaks its policy", async () => {
    const person = await makePerson(browser, server.url, { theme, width: 360 });
    for (const { name, path, shows } of PAGES) {
      await person.page.goto(path(ids));
      await person.sees(shows);
      expect.soft(await seriousIssues(person.page), name).toEqual([]);
      expect.soft(await overhang(person.page), `${name} is wider than 360 pixels`).toBe(0);
    }
    expectNoTroubles(person);
  });
});

test("a training is started and canceled by keyboard alone", async () => {
  const person = await makePerson(browser, server.url, { signedIn: false });
  const { page } = person;
  await page.getByLabel("API token").waitFor();
  await page.keyboard.type(TOKEN);
  await page.keyboard.press("Enter");
  await page.getByRole("banner").getByRole("link", { name: "New training" }).waitFor();
  await tabTo(person.page, "New training");
  await page.keyboard.press("Enter");
  await person.sees("Drop images here");
  await tabTo(person.page, "Use the sample set");
  await page.keyboard.press("Enter");
  await person.sees(/Ready: 16 images/);
  await tabTo(person.page, "Start training");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/p\/[0-9a-z]{26}$/);
  await person.sees("16 images read from the archive.");
  await tabTo(person.page, "Cancel");
  await page.keyboard.press("Enter");
  await person.sees("Cancel this training?");
  await tabTo(person.page, "Cancel the training");
  await page.keyboard.press("Enter");
  await person.sees("Canceled", 60_000);
  expectNoTroubles(person);
});

test("of a thing the page asks what it is, and a training starts from that", async () => {
  const person = await makePerson(browser, server.url);
  const { page } = person;
  await page.goto("/create");
  await person.click("Use the sample set");
  await person.sees(/Ready: 16 images/);
  expect(await page.getByLabel("What it is").count()).toBe(0);
  await person.click(/^Object/, "radio");
  await person.type("What it is", "teddy bear");
  await person.click("Start training");
  await page.waitForURL(/\/p\/[0-9a-z]{26}$/);
  const id = page.url().slice(-26);
  const { input } = await server.client.trainings.get(id);
  expect(input).toMatchObject({ subject: "object", initial_word: "teddy bear" });
  await server.client.trainings.cancel(id);
  await person.sees("Canceled", 60_000);
  expectNoTroubles(person);
});

/** Presses Tab until what has the focus says `label`. */
async function tabTo(page: import("playwright-core").Page, label: string): Promise<void> {
  for (let count = 0; count < 120; count++) {
    await page.keyboard.press("Tab");
    const name: string = await page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
    if (name === label) return;
  }
  throw new Error(`No way leads by Tab to "${label}".`);
}

describe("hostile words are shown as words", () => {
  test("in prompts, logs and errors", async () => {
    const person = await makePerson(browser, server.url);
    await person.page.goto(`/p/${ids.failed}`);
    await person.sees("The prediction failed");
    await person.sees("model_error");
    await person.sees("<script>alert(2)</script>");
    await person.page.getByRole("log").getByText('echo: <img src=x onerror="alert(1)">').waitFor();
    await person.page.goto("/");
    await person.sees("you/toy");
    expectNoTroubles(person);
  });

  test("in names of files and in captions", async () => {
    const names = HOSTILE.map((text, index) => `${text.replaceAll("/", "∕").replace(/\p{Cc}/gu, "")} ${index}.png`);
    // Pictures that need not be enlarged: what is tried here are their names.
    const pictures = Object.entries(unzipSync(readFileSync(SAMPLES))).filter(([name]) => name.endsWith(".png"));
    const files = Object.fromEntries(names.map((name, index) => [name, pictures[index]?.[1] ?? new Uint8Array()]));
    const captions = names.map(
      (name, index) => `"${HOSTILE[index]?.replaceAll('"', '""')}","${name.replaceAll('"', '""')}"`,
    );
    files["caption.csv"] = new TextEncoder().encode(`caption,image_file\n${captions.join("\n")}\n`);
    const zip = join(folder, "hostile.zip");
    writeFileSync(zip, zipSync(files));
    const person = await makePerson(browser, server.url);
    await person.page.goto("/create");
    await person.give("Images or a zip", zip);
    await person.sees(/6 images/);
    await person.click("Review images");
    await person.page
      .getByLabel(/^<img src=x/)
      .first()
      .waitFor({ timeout: 60_000 });
    expect(await person.page.locator("img[onerror], svg[onload]").count()).toBe(0);
    expectNoTroubles(person);
  });
});

test("signing in and the first page load at most 200 kB of script, as it is sent", async () => {
  const context = await browser.newContext({ baseURL: server.url });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const sizes: Promise<{ responseBodySize: number }>[] = [];
  page.on("response", (reply) => {
    if (reply.url().endsWith(".js")) sizes.push(reply.request().sizes());
  });
  await page.goto("/");
  await page.getByLabel("API token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Lately").waitFor();
  await page.waitForLoadState("networkidle");
  const total = (await Promise.all(sizes)).reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThanOrEqual(200_000);
});

test("a log of 100,000 lines stands in a page of few elements, and its end is in view", async () => {
  const text = Array.from({ length: 100_000 }, (_, index) => `${index}`).join("\n");
  const run = await server.client.predictions.createForModel("easel", "echo", { input: { text, format: "txt" } });
  const person = await makePerson(browser, server.url);
  await person.page.goto(`/p/${run.id}`);
  await person.page.getByRole("log").getByText("99999").waitFor({ timeout: 60_000 });
  expect(await person.page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(500);
  await person.page.getByRole("log").focus();
  await person.page.keyboard.press("Home");
  await person.page.getByRole("log").getByText("echo: 0").waitFor();
  expectNoTroubles(person);
});

test("a link to one run shows it to whoever has no account, and leads nowhere else", async () => {
  const { urls } = await server.client.runs.get(ids.training);
  const person = await makePerson(browser, server.url, { signedIn: false });
  await person.page.goto(new URL(urls.web).pathname + new URL(urls.web).search);
  await person.sees("Succeeded");
  expect(await person.page.getByRole("button", { name: "Cancel" }).count()).toBe(0);
  await person.page.goto("/");
  await person.sees("API token");
  await signIn(person);
  expectNoTroubles(person);
});

test("of a training's samples the one that is liked best is published, and the new version is a click away", async () => {
  const person = await makePerson(browser, server.url);
  const { page } = person;
  await page.goto(`/p/${ids.training}`);
  await page.getByText("Published", { exact: true }).waitFor();
  await page.getByRole("slider", { name: /Step/ }).press("Home");
  await person.click("Publish step 5");
  await person.sees("Published as");
  await page.reload();
  await page.getByText("Published", { exact: true }).waitFor();
  await page.getByRole("slider", { name: /Step/ }).press("Home");
  await page.getByText("Published as").getByRole("link").click();
  await page.waitForURL(/\/you\/toy\/versions\/[0-9a-f]{64}$/);
  const { latest_version } = await server.client.models.get("you", "toy");
  expect(page.url()).toContain(latest_version?.id);
  expectNoTroubles(person);
});

test("a training is stopped where it is, and what it has learnt is kept", async () => {
  const person = await makePerson(browser, server.url);
  await person.page.goto(`/p/${ids.running}`);
  await person.click("Stop and keep");
  await person.sees("Stop here and keep the result?");
  await person.page.getByRole("dialog").getByRole("button", { name: "Stop and keep" }).click();
  await person.sees("Trained", 60_000);
  await person.sees("Download the weights");
  expectNoTroubles(person);
});

test("a run is found behind more than a page of newer ones", async () => {
  const newer = Array.from({ length: 120 }, () =>
    server.client.predictions.createForModel("easel", "echo", { input: {} }, { waitSeconds: 60 }),
  );
  await Promise.all(newer);
  const { results } = await server.client.predictions.list();
  expect(results.map(({ id }) => id)).not.toContain(ids.failed);
  const person = await makePerson(browser, server.url);
  const { page } = person;
  await page.goto("/predictions");
  await page.getByLabel("Status").selectOption("failed");
  await page.locator(`a[href="/p/${ids.failed}"]`).first().waitFor();
  await person.sees(/^Found 1 among all 1\d\d predictions\.$/);
  expectNoTroubles(person);
});
