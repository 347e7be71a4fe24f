import { expect, test } from "vitest";
import { readJunit, readVitest } from "./reports.mjs";

test("pytest's report is counted, errors as failures, and each says its words", () => {
  const text = `<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="3" tests="10" time="0.1">
    <testcase classname="runner.tests.test_runs" name="test_a[1-&lt;x&gt;]" time="0.1"><failure message="no">assert 1 &lt; 0
it is &amp;lt;</failure></testcase><testcase classname="runner" name="passes" time="0" />
    <testcase classname="runner" name="breaks" time="0"><error message="failed on setup">Empty</error></testcase></testsuite></testsuites>`;
  expect(readJunit(text)).toEqual({
    passed: 5,
    failed: 2,
    skipped: 3,
    failures: [
      { name: "runner.tests.test_runs test_a[1-<x>]", words: "assert 1 < 0\nit is &lt;" },
      { name: "runner breaks", words: "Empty" },
    ],
  });
});

test("vitest's report is counted, and a file that does not load is a failure", () => {
  const file = (name: string, status: string, ...results: string[]) => ({
    name,
    status,
    message: "does not load",
    assertionResults: results.map((status) => ({ status, fullName: `${name} ${status}`, failureMessages: ["why"] })),
  });
  const report = {
    numPassedTests: 2,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 0,
    testResults: [file("a", "passed", "passed"), file("b", "failed", "passed", "failed"), file("c", "failed")],
  };
  expect(readVitest(JSON.stringify(report))).toEqual({
    passed: 2,
    failed: 2,
    skipped: 1,
    failures: [
      { name: "b failed", file: "b", words: "why" },
      { name: "c", file: "c", words: "does not load" },
    ],
  });
});
