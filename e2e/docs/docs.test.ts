/** Every command in the README and in docs/ does what the page says, or says itself why no test can run it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { startServer } from "../support/server.ts";
import { readBlocks } from "./blocks.ts";
import { follow, READING_MS_MAX } from "./reader.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];

async function startHost() {
  const data = mkdtempSync(join(tmpdir(), "easel-docs-"));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const server = await startServer({ data });
  onTestFinished(async () => {
    await server.stop();
  });
  return { url: server.url, data };
}

describe.each(PAGES)("%s", (page) => {
  const blocks = readBlocks(page, readFileSync(join(ROOT, page), "utf8"));

  test(
    "its commands run, from the first to the last",
    async () => {
      await follow({ page, blocks, server: await startHost() });
    },
    READING_MS_MAX,
  );

  for (const { line, notRun } of blocks) {
    if (notRun !== undefined) test.skip(`line ${line} is not run: ${notRun}`);
  }
});

test("a page with a command that fails is named with its line", async () => {
  const blocks = readBlocks("a.md", "```sh\ntrue\n```\n```sh\necho half way\nnpx easel model show you/none\n```\n");
  const reading = follow({ page: "a.md", blocks, server: await startHost() });
  await expect(reading).rejects.toThrow(/^a\.md:4: the commands end with 1\.\n.*half way/s);
});

test.each([
  ["no language", "```\nls\n```"],
  ["another language", "```ruby\nputs 1\n```"],
  ["no reason", "```sh not run\nls\n```"],
  ["no end", "```sh\nls"],
])("a block with %s is refused", (_what, markdown) => {
  expect(() => readBlocks("a.md", markdown)).toThrow(/^a\.md:1/);
});
