/**
 * Sets up what is missing and runs every test and the demo, several parts side by side, also when one has failed.
 * What failed says so again at the end, where a machine that shows the last lines alone shows it too.
 * `npm test -- NAME …` runs only the parts whose name holds one of the words. The last line is `N passed, N failed`.
 *
 * With `--second-try`, as CI runs it, the few tests that failed are run once more when the machine has nothing else to do.
 * One that passes then is counted as passed, and its failure is said all the same: it is a race that wants mending, in the
 * test or in what it tests, but no reason to hold up work that has nothing to do with it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runChecks } from "./checks.mjs";
import { ROOT, runByLine, runOpenly } from "./command.mjs";
import { readJunit, readVitest } from "./reports.mjs";
import { setUp } from "./setup.mjs";
import { bold, dim, main, say } from "./words.mjs";

const REPORTS = join(ROOT, ".setup", "reports");
/** One more than there are cores: tests wait as well. */
const SIDE_BY_SIDE = availableParallelism() + 1;
/** What is told at once, then the longest: one that began last would leave the other cores with nothing to do. */
const FIRST = ["checks", "models/sdxl", "e2e/docs", "e2e/kill", "unit", "e2e/clients"];
/** Of each failure, its last: they hold the reason, in pytest and in vitest. */
const LINES_OF_A_FAILURE = 40;
const SECOND_TRIES = 3;

await main(async () => {
  const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  await setUp({ tests: true });
  const parts = listParts().filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (parts.length === 0) {
    const names = listParts().map(({ name }) => name);
    say(`No part of the tests is named so. There are: ${names.join(", ")}.`);
  }
  mkdirSync(REPORTS, { recursive: true });
  await runAll(parts);
  if (process.argv.includes("--second-try")) await tryAgain(parts.filter(({ counts }) => counts.failed > 0));
  for (const part of parts) sayFailures(part);
  say("");
  for (const part of parts) say(describe(part));
  const sum = (of) => parts.reduce((total, { counts }) => total + counts[of], 0);
  process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
  return sum("failed") > 0 || parts.length === 0 ? 1 : 0;
});

/** Alone, a part has the terminal to itself. */
async function runAll(parts) {
  const waiting = [...parts];
  const runOneAfterTheOther = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      say(bold(`${part.name} …`));
      const started = performance.now();
      part.counts = await part.run(parts.length === 1 ? runOpenly : beside(part.name));
      part.seconds = Math.round((performance.now() - started) / 1000);
      if (parts.length > 1) say(bold(describe(part)));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, runOneAfterTheOther));
}

/** A part that did not come to its end, or of which much failed, is broken, and says nothing new. */
async function tryAgain(failed) {
  const few = ({ again, counts }) => again && counts.failures?.length > 0 && counts.failed <= SECOND_TRIES;
  for (const part of failed.filter(few)) {
    say(bold(`${part.name}, what failed once more …`));
    const { failed: left, failures } = await part.again(beside(part.name), part.counts.failures);
    const passed = part.counts.failed - left;
    part.counts = { ...part.counts, passed: part.counts.passed + passed, failed: left, second: passed };
    part.counts.failures = [...part.counts.failures, ...(failures ?? [])];
  }
}

/** Runs a tool whose every line is said with the name of its part before it. */
function beside(name) {
  return (command, args) => runByLine(command, args, (line) => say(`${dim(`${name} │`)} ${line}`));
}

function describe({ name, counts, seconds }) {
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : "";
  const second = counts.second ? `, ${counts.second} only at the second try` : "";
  const said = `${counts.passed} passed, ${counts.failed} failed${skipped}${second}`;
  return `${counts.failed ? "✗" : "✓"} ${name}: ${said} ${dim(`(${seconds} s)`)}`;
}

function sayFailures({ name, counts }) {
  for (const failure of counts.failures ?? []) {
    say(bold(`\n✗ ${name}: ${failure.name}`));
    say(failure.words.split("\n").slice(-LINES_OF_A_FAILURE).join("\n"));
  }
}

function listParts() {
  const foldersIn = (folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
  const parts = [
    { name: "checks", run: check },
    { name: "unit", ...vitest("unit") },
    ...["runner", ...foldersIn("models")].filter(hasPytests).map((name) => ({ name, ...pytest(name) })),
    ...foldersIn("e2e")
      .filter(hasVitests)
      .map((name) => ({ name, ...vitest("e2e", `${name}/`) })),
    { name: "demo", run: demo },
  ];
  const place = ({ name }) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return parts.toSorted((one, other) => place(one) - place(other));
}

function hasPytests(folder) {
  return holds(folder, /(^|\/)test_[^/]*\.py$/);
}

function hasVitests(folder) {
  return holds(folder, /\.test\.ts$/);
}

function holds(folder, name) {
  return readdirSync(join(ROOT, folder), { recursive: true }).some((path) => name.test(path));
}

async function check() {
  const results = await runChecks();
  for (const { name, passed, output } of results) say(passed ? `✓ ${name}` : `✗ ${name}\n${output.trimEnd()}`);
  const passed = results.filter((result) => result.passed).length;
  return { passed, failed: results.length - passed };
}

function vitest(project, ...paths) {
  const report = join(REPORTS, `${(paths[0] ?? project).replaceAll("/", "-")}.json`);
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const program = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const run = (runTool, ...files) =>
    count(report, readVitest, () => runTool(process.execPath, [program, ...args, ...files]));
  return {
    run: (runTool) => run(runTool, ...paths),
    again: (runTool, failures) => run(runTool, ...new Set(failures.map(({ file }) => file))),
  };
}

function pytest(folder) {
  const report = join(REPORTS, `${folder.replaceAll("/", "-")}.xml`);
  // Each part remembers its failures for itself: they run side by side.
  const cache = `cache_dir=${join(REPORTS, `${folder.replaceAll("/", "-")}-cache`)}`;
  const args = ["-m", "pytest", folder, "-q", "-o", cache, `--junitxml=${report}`];
  const run = (runTool, ...more) =>
    count(report, readJunit, () => runTool(join(ROOT, ".venv", "bin", "python"), [...args, ...more]));
  return { run, again: (runTool) => run(runTool, "--last-failed") };
}

/** The journey that a new user makes: it leads to its end or it does not. */
async function demo(runTool) {
  const code = await runTool("npm", ["run", "--silent", "demo"]);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs a test tool; one that fails without a failed test in its report, or without a report, counts as a failure. */
async function count(report, read, runTool) {
  rmSync(report, { force: true });
  const code = await runTool();
  const counts = existsSync(report) ? read(readFileSync(report, "utf8")) : { passed: 0, failed: 0 };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
