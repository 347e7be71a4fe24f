import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./command.mjs";
import { isInstalled } from "./setup/packages.mjs";
import { findPython } from "./setup/python.mjs";
import { hashOf } from "./setup/stamp.mjs";
import { Trouble, together } from "./words.mjs";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "easel-setup-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that says it is some version of Python. */
function pythonOf(version: string): string {
  const path = join(folder, `python-${version.replace(" ", ".")}`);
  writeFileSync(path, `#!/bin/sh\necho ${version}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("the Python that is named is taken or refused", () => {
  test.each(["3 11", "3 12", "3 13"])("%s fits", async (version) => {
    expect(await findPython(pythonOf(version))).toBe(pythonOf(version));
  });

  test.each(["3 10", "3 14", "2 7"])("%s does not", async (version) => {
    await expect(findPython(pythonOf(version))).rejects.toThrow(`is ${version.replace(" ", ".")}`);
  });

  test("one that does not start is named", async () => {
    await expect(findPython("/nowhere/python")).rejects.toThrow("/nowhere/python does not start");
  });
});

test("packages are installed if each is there in its version; those of other systems may be missing", () => {
  const lock = {
    packages: {
      "": { version: "1.0.0" },
      "node_modules/zod": { version: "4.6.7" },
      "node_modules/@easel/cli": { link: true },
      "node_modules/sharp-darwin": { version: "1.0.0", optional: true },
    },
  };
  expect(isInstalled(lock, { "node_modules/zod": { version: "4.6.7" } })).toBe(true);
  expect(isInstalled(lock, { "node_modules/zod": { version: "4.6.6" } })).toBe(false);
  expect(isInstalled(lock, {})).toBe(false);
});

test("the lock file names the binaries of every system, not only of the one on which it was written", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const optional = Object.values<{ optionalDependencies?: object }>(packages).flatMap((entry) =>
    Object.keys(entry.optionalDependencies ?? {}),
  );
  const missing = optional.filter(
    (name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)),
  );
  expect(missing).toEqual([]);
});

test("texts that run into each other have other hashes", () => {
  expect(hashOf("ab", "c")).not.toBe(hashOf("a", "bc"));
  expect(hashOf("ab", "c")).toBe(hashOf("ab", "c"));
});

test("what differs from the requirements is named, builds of a version and other systems' lines are not", async () => {
  const path = join(folder, "requirements.lock");
  const lines = ["# comment", "pip>=1", "no-such-package==1.0", "pip==0.0.1", 'colorama==9 ; sys_platform == "win32"'];
  writeFileSync(path, lines.join("\n"));
  const { code, output } = await run(".venv/bin/python", ["scripts/setup/satisfied.py", path]);
  expect(code).toBe(0);
  expect(output.trim().split("\n")).toEqual([
    "no-such-package is missing",
    expect.stringMatching(/^pip is .+, not ==0\.0\.1$/),
  ]);
});

test("where one of several things fails, the others still come to their end before it is told", async () => {
  let hasEnded = false;
  const fails = () => Promise.reject(new Trouble("no network"));
  const takesLonger = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    hasEnded = true;
  };
  await expect(together(fails, takesLonger)).rejects.toThrow("no network");
  expect(hasEnded).toBe(true);
});
