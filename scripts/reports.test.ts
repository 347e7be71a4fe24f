import { expect, test } from "vitest";
import { countJunit, countVitest } from "./reports.mjs";

test("pytest's report is counted, errors as failures", () => {
  const text =
    '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="0.1"><testcase/></testsuite></testsuites>';
  expect(countJunit(text)).toEqual({ passed: 4, failed: 3, skipped: 3 });
});

test("vitest's report is counted, and a file that does not load is a failure", () => {
  const file = (status: string, ...results: string[]) => ({
    status,
    assertionResults: results.map((result) => ({ status: result })),
  });
  const report = {
    numPassedTests: 2,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 0,
    testResults: [file("passed", "passed"), file("failed", "passed", "failed"), file("failed")],
  };
  expect(countVitest(JSON.stringify(report))).toEqual({ passed: 2, failed: 2, skipped: 1 });
});
