/**
 * Somebody at a real browser who knows of a page only what its labels say, and counts what they have to do. Everything
 * that goes wrong behind the page is kept: violations of its policy, errors, replies of 500 and above.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { findChromium } from "../../scripts/setup/chromium.mjs";
import { TOKEN } from "../support/server.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Person {
  page: Page;
  /** What they had to do so far. */
  done: { clicks: number; fields: number; files: number };
  /** What went wrong behind the page. */
  troubles: string[];
  click: (label: string | RegExp, role?: "button" | "link" | "radio" | "tab") => Promise<void>;
  type: (label: string | RegExp, text: string) => Promise<void>;
  give: (label: string, ...paths: string[]) => Promise<void>;
  sees: (text: string | RegExp, timeout?: number) => Promise<void>;
}

/** One browser for a file of tests; close it when they are through. */
export async function openBrowser(): Promise<Browser> {
  const path = await findChromium();
  if (path === undefined) throw new Error("There is no Chromium: npm test installs it, or says how.");
  // The sandbox wants another user than root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: path, args });
}

export interface Surroundings {
  width?: number;
  theme?: "light" | "dark";
  signedIn?: boolean;
}

/** A person at the server's first page; signed in where the test is not about that. */
export async function makePerson(browser: Browser, url: string, around: Surroundings = {}): Promise<Person> {
  const { width = 1280, theme = "light", signedIn = true } = around;
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: theme, baseURL: url });
  onTestFinished(() => context.close());
  const troubles: string[] = [];
  await context.exposeFunction("reportViolation", (what: string) => troubles.push(`policy: ${what}`));
  await context.addInitScript(
    'document.addEventListener("securitypolicyviolation", (e) => reportViolation(e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile));',
  );
  const page = await context.newPage();
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on("response", (reply) => reply.status() >= 500 && troubles.push(`${reply.status()} ${reply.url()}`));
  const done = { clicks: 0, fields: 0, files: 0 };
  const person: Person = {
    page,
    done,
    troubles,
    click: async (label, role = "button") => {
      done.clicks += 1;
      await page.getByRole(role, { name: label, exact: typeof label === "string" }).click();
    },
    type: async (label, text) => {
      done.fields += 1;
      await page.getByLabel(label, { exact: typeof label === "string" }).fill(text);
    },
    give: async (label, ...paths) => {
      done.files += 1;
      await page.getByLabel(label).setInputFiles(paths);
    },
    sees: (text, timeout = 20_000) => page.getByText(text).filter({ visible: true }).first().waitFor({ timeout }),
  };
  await page.goto("/");
  if (signedIn) await signIn(person);
  return person;
}

export async function signIn(person: Person): Promise<void> {
  await person.type("API token", TOKEN);
  await person.click("Sign in");
  await person.page.getByRole("banner").getByRole("link", { name: "New training" }).waitFor();
}

/** What axe finds serious or worse on the page as it is now, a line each. */
export async function seriousIssues(page: Page): Promise<string[]> {
  // Handed over by the debugger, past the policy, which would refuse a script element.
  await page.evaluate(AXE);
  const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))",
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

/** How many pixels of the page stand out at the right, which a phone would have to scroll for. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

export function expectNoTroubles({ troubles }: Person): void {
  expect(troubles).toEqual([]);
}
