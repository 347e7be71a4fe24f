/** Counts tests in the reports that the test tools write. Knows nothing of how they are run. */

/** vitest's JSON report. A file that could not be loaded is one failure. */
export function countVitest(text) {
  const report = JSON.parse(text);
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((result) => result.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** pytest's JUnit report. An error in set-up or collection is a failure. */
export function countJunit(text) {
  const [suite = ""] = /<testsuite\s[^>]*>/.exec(text) ?? [];
  const value = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = value("failures") + value("errors");
  return { passed: value("tests") - failed - value("skipped"), failed, skipped: value("skipped") };
}
