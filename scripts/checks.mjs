/** What is looked at without running anything: form, types, and who imports whom. */
import { join } from "node:path";
import { ROOT, run } from "./command.mjs";
import { checkImports } from "./imports.mjs";

const node = (path, ...args) => run(process.execPath, [join(ROOT, "node_modules", path), ...args]);
const ruff = (...args) => run(join(ROOT, ".venv", "bin", "ruff"), args);

/** Each check answers an exit code and what to show when it is not 0. */
const CHECKS = {
  "TypeScript's types": () => node("typescript/bin/tsc", "-b"),
  "types of the pages": () => node("typescript/bin/tsc", "-p", "web"),
  "types of the tests": () => node("typescript/bin/tsc", "-p", "tsconfig.test.json"),
  "form of TypeScript and JSON": () => node("@biomejs/biome/bin/biome", "ci", "--colors=off", "."),
  "rules for Python": () => ruff("check", "."),
  "form of Python": () => ruff("format", "--check", "."),
  "who imports whom": () => {
    const breaches = checkImports();
    return { code: breaches.length === 0 ? 0 : 1, output: breaches.join("\n") };
  },
};

/** Runs all checks and answers those that failed, with their output. */
export async function runChecks() {
  const results = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    const { code, output } = await check();
    results.push({ name, passed: code === 0, output });
  }
  return results;
}
