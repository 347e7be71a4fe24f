/**
 * Sets up what is missing and runs every test and the demo, several parts side by side, also when one has failed.
 * `npm test -- NAME …` runs only the parts whose name holds one of the words. The last line is `N passed, N failed`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runChecks } from "./checks.mjs";
import { ROOT, runByLine, runOpenly } from "./command.mjs";
import { countJunit, countVitest } from "./reports.mjs";
import { setUp } from "./setup.mjs";
import { bold, dim, main, say } from "./words.mjs";

const REPORTS = join(ROOT, ".setup", "reports");
/** One more than there are cores: tests wait as well. */
const SIDE_BY_SIDE = availableParallelism() + 1;
/** What is told at once, then the longest: one that began last would leave the other cores with nothing to do. */
const FIRST = ["checks", "models/sdxl", "e2e/docs", "e2e/kill", "unit", "e2e/clients"];

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

/** Runs a tool whose every line is said with the name of its part before it. */
function beside(name) {
  return (command, args) => runByLine(command, args, (line) => say(`${dim(`${name} │`)} ${line}`));
}

function describe({ name, counts, seconds }) {
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : "";
  const said = `${counts.passed} passed, ${counts.failed} failed${skipped}`;
  return `${counts.failed ? "✗" : "✓"} ${name}: ${said} ${dim(`(${seconds} s)`)}`;
}

function listParts() {
  const foldersIn = (folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
  const parts = [
    { name: "checks", run: check },
    { name: "unit", run: vitest("unit") },
    ...["runner", ...foldersIn("models")].filter(hasPytests).map((name) => ({ name, run: pytest(name) })),
    ...foldersIn("e2e")
      .filter(hasVitests)
      .map((name) => ({ name, run: vitest("e2e", `${name}/`) })),
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
  return (runTool) => count(report, countVitest, () => runTool(process.execPath, [program, ...args, ...paths]));
}

function pytest(folder) {
  const report = join(REPORTS, `${folder.replaceAll("/", "-")}.xml`);
  const args = ["-m", "pytest", folder, "-q", `--junitxml=${report}`];
  return (runTool) => count(report, countJunit, () => runTool(join(ROOT, ".venv", "bin", "python"), args));
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
