/**
 * A copy of the server's build with edits in its emitted JavaScript, for tests that plant a crash or a bug. It stands in
 * a temporary folder that looks like the checkout; everything but the copied build is a link to the real thing.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LINKED = [
  ".venv",
  "bases",
  "contract",
  "e2e",
  "examples",
  "models",
  "node_modules",
  "runner",
  "server/migrations",
  "server/src",
  "web",
];

export interface Edit {
  /** A file of the build, such as `runs/finish.js`. */
  file: string;
  /** Text that stands in it exactly once. */
  find: string;
  replace: string;
}

/** Gives the path of the copy's index.js, for `startServer`. Throws when a text to replace is not there, or not alone. */
export function copyBuild(edits: Edit[]): string {
  const folder = mkdtempSync(join(tmpdir(), "easel-build-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "server"));
  for (const path of LINKED) symlinkSync(join(ROOT, path), join(folder, path));
  const build = join(folder, "server", "dist");
  cpSync(join(ROOT, "server", "dist"), build, { recursive: true });
  writeFileSync(join(folder, "server", "package.json"), JSON.stringify({ type: "module" }));
  for (const edit of edits) apply(join(build, edit.file), edit);
  return join(build, "index.js");
}

function apply(path: string, { file, find, replace }: Edit): void {
  const text = readFileSync(path, "utf8");
  const found = text.split(find).length - 1;
  if (found !== 1) {
    throw new Error(
      `In the build's ${file} this text stands ${found} times, and should once; the test must follow:\n${find}`,
    );
  }
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}
