/** From signing in to one's own picture, in a real browser, by what the pages say alone; through a reload and a restart. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../support/server.ts";
import { expectNoTroubles, makePerson, openBrowser, overhang, seriousIssues, signIn } from "./person.ts";

const ZIP = fileURLToPath(new URL("../../examples/fluent-3d.zip", import.meta.url));
/** A training and a picture, on a machine that has other things to do. */
const LONG = 180_000;

let folder: string;
let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "easel-browser-"));
  server = await startServer({ data: join(folder, "data") });
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a training in at most 6 clicks, one file and 2 fields; then its picture, through a reload and a restart", async () => {
  const person = await makePerson(browser, server.url, { signedIn: false });
  const { page } = person;
  await signIn(person);
  await person.click("New training", "link");
  await person.give("Images or a zip", ZIP);
  await person.sees(/Ready: 16 images/);
  await person.type("Steps", "8");
  // Nothing to do with the pages: five snapshots would be drawn with and compared.
  await page.getByText("Advanced").click();
  await page.getByLabel("publish").selectOption("last");
  person.done.clicks += 2;
  await person.click("Start training");
  await page.waitForURL(/\/p\/[0-9a-z]{26}$/);
  expect(person.done.clicks).toBeLessThanOrEqual(6);
  expect(person.done.fields).toBeLessThanOrEqual(2);
  expect(person.done.files).toBe(1);

  await person.sees("16 images read from the archive.");
  await page.reload();
  await person.sees("16 images read from the archive.");
  await server.stop();
  server = await startServer({ data: join(folder, "data"), port: server.port });

  await page.getByRole("img", { name: "Drawn with you/fluent-3d" }).first().waitFor({ timeout: LONG });
  await page.getByText("Succeeded").waitFor();
  expect(await linesNotShown(page)).toEqual([]);
  await person.sees("a TOK emoji of grapes");
  await page.getByRole("img", { name: /Loss over 8 steps/ }).waitFor();
  await page.getByRole("slider", { name: /Step/ }).waitFor();
  expect(await seriousIssues(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await overhang(page)).toBe(0);

  await person.type("Prompt", "a TOK emoji of a fox");
  await person.click("Draw");
  await page.getByRole("img", { name: /Output/ }).waitFor({ timeout: LONG });
  expectNoTroubles(person);
});

test("its snapshots are drawn at each strength beside the base, and one of them is published", async () => {
  const person = await makePerson(browser, server.url);
  const { page } = person;
  await page.goto("/you/fluent-3d");
  await page.getByText(/^Advanced/).click();
  // What is tried here are the pages: pictures that are drawn in a moment will do.
  await person.type("num_inference_steps", "2");
  await person.click("Snapshots", "link");
  await person.sees("21 pictures, all from one seed.");
  await person.click("Draw them");
  for (const row of ["step 1", "step 8"]) {
    for (const scale of [0.5, 1.3])
      await page.getByRole("img", { name: `${row} at ${scale}` }).waitFor({ timeout: LONG });
  }
  await page.getByRole("img", { name: "the base" }).waitFor({ timeout: LONG });
  const drawn = await Promise.all(
    ["step 1 at 0.5", "step 8 at 0.5", "step 8 at 1.3", "the base"].map((name) => bytesOf(page, name)),
  );
  expect(new Set(drawn).size).toBe(4);
  expect(await seriousIssues(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await overhang(page)).toBe(0);

  await page
    .getByRole("row", { name: /step 3/ })
    .getByRole("button")
    .click();
  await page
    .getByRole("row", { name: /step 3/ })
    .getByText("this version")
    .waitFor();
  // They come in batches, and nothing says which is the last: all are waited for, not those above alone.
  await expect.poll(() => page.getByRole("table").getByRole("img").count(), { timeout: LONG }).toBe(21);
  const { latest_version } = await server.client.models.get("you", "fluent-3d");
  const card = await server.client.versions.card("you", "fluent-3d", latest_version?.id ?? "");
  expect(card).toMatchObject({ steps: 3, technique: "pivotal", chosen: { step: 3, by: "you" } });
  expectNoTroubles(person);
});

/** A picture as it came, in a form that can be compared. */
function bytesOf(page: Page, name: string): Promise<string> {
  return page.getByRole("img", { name }).evaluate(async (picture) => {
    const bytes = await (await fetch(picture.getAttribute("src") ?? "")).arrayBuffer();
    return String(new Uint8Array(bytes));
  });
}

/** The lines of the run's log, as the server has them, that the page does not show at its beginning or its end. */
async function linesNotShown(page: Page): Promise<string[]> {
  const whole = await (await server.client.runs.log(new URL(page.url()).pathname.slice("/p/".length))).text();
  const log = page.getByRole("log");
  let shown = "";
  for (const key of ["Home", "End"]) {
    await log.focus();
    await page.keyboard.press(key);
    await page.waitForTimeout(300);
    shown += await log.textContent();
  }
  const isProgress = (line: string) => /^\s*\d+%\|/.test(line);
  return whole.split("\n").filter((line) => !isProgress(line) && !shown.includes(line));
}
