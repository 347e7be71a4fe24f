/** Every code that a run can fail with is explained, and none that there is not. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("the page about trouble explains the codes that there are", () => {
  const page = readFileSync(`${ROOT}docs/troubleshooting.md`, "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const explained = rows.flatMap((row) => row.split("|")[1]?.match(/[a-z_]+/g) ?? []);
  expect([...new Set(explained)].sort()).toEqual([...codesInSources()].sort());
});

function codesInSources(): Set<string> {
  const python = /(?:Failure\(\s*|"code": )"([a-z_]+)"/g;
  const typescript = /(?:code: |return \[)"([a-z_]+)"/g;
  return new Set([
    ...["runner", "models/sdxl", "models/prepare"].flatMap((folder) => codesIn(folder, ".py", python)),
    ...["server/src/runs", "server/src/processes"].flatMap((folder) => codesIn(folder, ".ts", typescript)),
  ]);
}

function codesIn(folder: string, ending: string, pattern: RegExp): string[] {
  const sources = readdirSync(ROOT + folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(ending) && !/(^|\/)tests\/|\.test\.ts$/.test(path),
  );
  return sources.flatMap((path) =>
    [...readFileSync(`${ROOT}${folder}/${path}`, "utf8").matchAll(pattern)].map((match) => match[1] ?? ""),
  );
}
