/** The catalogue of all that people are refused with: each says what to do next. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "./config.ts";
import { GIVEN_UP } from "./runs/finish.ts";
import { readErrorTexts } from "./testing/error-texts.ts";

/** How a sentence is judged: by both languages alike. */
const FIXTURE = z
  .object({ step: z.string(), shown: z.string(), judged: z.array(z.object({ text: z.string(), told: z.boolean() })) })
  .parse(JSON.parse(readFileSync(join(ROOT, "contract/fixtures/next-steps.json"), "utf8")));
/** A clause that begins by telling somebody to do something. */
const STEP = new RegExp(FIXTURE.step, "i");
/** A command or a form to copy, a guess at what was meant, or the rule that says what would do. */
const SHOWN = new RegExp(FIXTURE.shown);

function tellsNextStep(text: string): boolean {
  return STEP.test(text) || SHOWN.test(text);
}

/** Sentences that are Replicate's own, which its clients and their users know, and why they need no more. */
const EXCEPTIONS: Record<string, string> = {
  "The requested resource could not be found.": "what is not yours is told apart from what is not there by nothing",
  "File not found": "Replicate's words for the same",
  "The specified training destination does not exist": "Replicate's words",
  "The specified version does not exist (or perhaps you don't have permission to use it?)": "Replicate's words",
  "A model with that name and owner already exists.": "Replicate's words: the name is to be another",
  "Request was throttled. Your rate limit resets in ~…s.": "Replicate's words: to wait, and how long",
  "Additional property … is not allowed": "gojsonschema's words: to leave it out",
  "lifetime …": "goes on with what it takes, such as 30s",
  "… is required": "gojsonschema's words: to give it",
  'Query parameter "query" is required': "Replicate's words: to give it",
};

function catalogue(): { place: string; text: string }[] {
  const files = execFileSync("git", ["ls-files", "server/src", "cli/src"], { cwd: ROOT, encoding: "utf8" });
  const sources = files.split("\n").filter((path) => /(?<!\.test)\.ts$/.test(path) && !path.includes("/testing/"));
  return (
    sources
      // Why a URL could not be reached is half a sentence: whoever tells it goes on with what to do.
      .filter((path) => !path.startsWith("server/src/fetch/"))
      .flatMap((path) =>
        readErrorTexts(readFileSync(join(ROOT, path), "utf8")).map(({ line, text }) => ({
          place: `${path}:${line}`,
          text,
        })),
      )
  );
}

test("every error says what to do next", () => {
  const all = catalogue();
  expect(all.length).toBeGreaterThan(80);
  const without = all.filter(({ text }) => !tellsNextStep(text) && EXCEPTIONS[text] === undefined);
  expect(without.map(({ place, text }) => `${place}: ${text}`)).toEqual([]);
});

test.each(Object.entries(GIVEN_UP))(
  "a %s whose process was lost says what to do next, whatever the reason",
  (_, text) => {
    expect(tellsNextStep(text)).toBe(true);
  },
);

test("no exception outlives its error", () => {
  const texts = catalogue().map(({ text }) => text);
  expect(Object.keys(EXCEPTIONS).filter((text) => !texts.includes(text))).toEqual([]);
});

test("a sentence is found wherever it stands, and one without a step is not let through", () => {
  const found = readErrorTexts(`
    const words = \`\${name} is gone\`;
    throw new HttpError(410, words + (kept ? "." : " for good."));
    throw unprocessable("Title", "Too many.");
    throw invalidInput([{ type: "x", field: "a", description: "Is odd" }]);
    await fail(id, { error: "It broke.", error_code: "broken" });
    throw new UsageError("No such thing.", "Did you mean another?");
  `);
  expect(found.map(({ text }) => text)).toEqual([
    "… is gone.",
    "… is gone for good.",
    "Too many.",
    "Is odd",
    "It broke.",
    "No such thing. Did you mean another?",
  ]);
  expect(found.map(({ text }) => tellsNextStep(text))).toEqual([false, false, false, false, false, true]);
});

test.each(FIXTURE.judged)("$text is judged here as it is in Python", ({ text, told }) => {
  expect(tellsNextStep(text)).toBe(told);
});
