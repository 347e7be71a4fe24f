/**
 * Sets up what is missing and runs every test, also when an earlier one failed.
 * `npm test -- NAME …` runs only the parts whose name holds one of the words. The last line is `N passed, N failed`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runChecks } from "./checks.mjs";
import { ROOT, runOpenly } from "./command.mjs";
import { countJunit, countVitest } from "./reports.mjs";
import { setUp } from "./setup.mjs";
import { bold, dim, main, say } from "./words.mjs";

const REPORTS = join(ROOT, ".setup", "reports");

await main(async () => {
  const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  await setUp({ tests: true });
  const parts = listParts().filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  mkdirSync(REPORTS, { recursive: true });
  const sum = { passed: 0, failed: 0 };
  for (const part of parts) {
    say(`\n${bold(part.name)}`);
    const started = performance.now();
    part.counts = await part.run();
    part.seconds = Math.round((performance.now() - started) / 1000);
    sum.passed += part.counts.passed;
    sum.failed += part.counts.failed;
  }
  say("");
  for (const { name, counts, seconds } of parts) {
    const skipped = counts.skipped ? `, ${counts.skipped} skipped` : "";
    say(
      `${counts.failed ? "✗" : "✓"} ${name}: ${counts.passed} passed, ${counts.failed} failed${skipped} ${dim(`(${seconds} s)`)}`,
    );
  }
  if (parts.length === 0)
    say(
      `No part of the tests is named so. There are: ${listParts()
        .map(({ name }) => name)
        .join(", ")}.`,
    );
  process.stdout.write(`${sum.passed} passed, ${sum.failed} failed\n`);
  return sum.failed > 0 || parts.length === 0 ? 1 : 0;
});

function listParts() {
  const models = readdirSync(join(ROOT, "models")).map((name) => `models/${name}`);
  return [
    { name: "checks", run: check },
    { name: "unit", run: () => vitest("unit") },
    ...["runner", ...models].filter(hasTests).map((folder) => ({ name: folder, run: () => pytest(folder) })),
    ...(existsSync(join(ROOT, "e2e")) ? [{ name: "e2e", run: () => vitest("e2e") }] : []),
  ];
}

function hasTests(folder) {
  return (
    existsSync(join(ROOT, folder)) &&
    readdirSync(join(ROOT, folder), { recursive: true }).some((path) => /(^|\/)test_[^/]*\.py$/.test(path))
  );
}

async function check() {
  const results = await runChecks();
  for (const { name, passed, output } of results) say(passed ? `✓ ${name}` : `✗ ${name}\n${output.trimEnd()}`);
  const passed = results.filter((result) => result.passed).length;
  return { passed, failed: results.length - passed };
}

function vitest(project) {
  const report = join(REPORTS, `${project}.json`);
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return count(report, countVitest, process.execPath, [join(ROOT, "node_modules", "vitest", "vitest.mjs"), ...args]);
}

function pytest(folder) {
  const report = join(REPORTS, `${folder.replaceAll("/", "-")}.xml`);
  return count(report, countJunit, join(ROOT, ".venv", "bin", "python"), [
    "-m",
    "pytest",
    folder,
    "-q",
    `--junitxml=${report}`,
  ]);
}

/** Runs a test tool; one that fails without a failed test in its report, or without a report, counts as a failure. */
async function count(report, read, command, args) {
  rmSync(report, { force: true });
  const code = await runOpenly(command, args, { stdio: ["ignore", 2, 2] });
  const counts = existsSync(report) ? read(readFileSync(report, "utf8")) : { passed: 0, failed: 0 };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
