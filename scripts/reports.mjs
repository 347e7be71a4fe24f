/**
 * Reads the reports that the test tools write: how many tests there were, and what the failed ones said.
 * Knows nothing of how they are run.
 */

/** vitest's JSON report. A file that could not be loaded is one failure. */
export function readVitest(text) {
  const report = JSON.parse(text);
  const failures = report.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter((result) => result.status === "failed");
    if (file.status === "failed" && failed.length === 0)
      return [{ name: file.name, file: file.name, words: file.message }];
    return failed.map(({ fullName, failureMessages }) => ({
      name: fullName,
      file: file.name,
      words: failureMessages.join("\n"),
    }));
  });
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  };
}

/** pytest's JUnit report. An error in set-up or collection is a failure. */
export function readJunit(text) {
  const [suite = ""] = /<testsuite\s[^>]*>/.exec(text) ?? [];
  const value = (name) => Number(attribute(suite, name) || 0);
  const failed = value("failures") + value("errors");
  return {
    passed: value("tests") - failed - value("skipped"),
    failed,
    skipped: value("skipped"),
    failures: said(text),
  };
}

function said(text) {
  const cases = text.matchAll(/<testcase\s([^>]*[^/])>(.*?)<\/testcase>/gs);
  return [...cases].flatMap(([, names, content]) => {
    const name = `${attribute(names, "classname")} ${attribute(names, "name")}`;
    const ends = content.matchAll(/<(failure|error)\s[^>]*>(.*?)<\/\1>/gs);
    return [...ends].map(([, , words]) => ({ name, words: plain(words) }));
  });
}

function attribute(text, name) {
  return plain(new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? "");
}

function plain(text) {
  const characters = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name) => characters[name]);
}
