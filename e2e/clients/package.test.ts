/** The command line as a package: taken from the server, installed where there is no registry, and used against it. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startServer, TOKEN } from "../support/server.ts";

const run = promisify(execFile);

test("npm installs it from the server with no registry in reach, and it needs nothing beside itself", async () => {
  const folder = mkdtempSync(join(tmpdir(), "easel-package-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startServer({ data: join(folder, "data") });
  onTestFinished(async () => {
    await server.stop();
  });
  const home = { HOME: folder, npm_config_cache: join(folder, "cache"), npm_config_registry: "http://127.0.0.1:9/" };
  const env = { PATH: process.env.PATH, NO_COLOR: "1", ...home };
  const place = join(folder, "place");
  await run("npm", ["install", "--prefix", place, "--no-audit", "--no-fund", `${server.url}/easel.tgz`], { env });
  expect(readdirSync(join(place, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@easel"]);
  const manifest = JSON.parse(readFileSync(join(place, "node_modules/@easel/cli/package.json"), "utf8"));
  expect(manifest.dependencies).toBeUndefined();
  const easel = (...words: string[]) =>
    run(join(place, "node_modules/.bin/easel"), words, {
      cwd: folder,
      env: { ...env, EASEL_URL: server.url, EASEL_TOKEN: TOKEN },
    });
  expect((await easel("account", "show")).stdout).toBe("you\n");
  expect((await easel("run", "easel/echo", "text=packed", "format=txt", "--output", "out")).stdout).toContain("out");
  const [name = ""] = readdirSync(join(folder, "out"));
  expect(readFileSync(join(folder, "out", name), "utf8")).toBe("packed");
  expect((await easel("doctor")).stdout).toContain("is ready");
});
