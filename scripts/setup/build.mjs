/** Contract, server and CLI from TypeScript to `dist/`. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../command.mjs";
import { step, Trouble } from "../words.mjs";
import { hashOf, isStamped, stamp } from "./stamp.mjs";

const WORKSPACES = ["contract", "server", "cli"];

/** Builds unless no source has changed since. */
export async function build() {
  const hash = hashOf(...WORKSPACES.flatMap(listSources));
  const there = existsSync(join(ROOT, "server/dist/main.js")) && existsSync(join(ROOT, "cli/dist/main.js"));
  if (there && isStamped("build", hash)) return;
  await step("Build", async () => {
    const { code, output } = await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-b"]);
    if (code !== 0) throw new Trouble("the TypeScript sources do not build, as the lines above say.", output);
  });
  stamp("build", hash);
}

/** Path, size and time of each file that the build reads. */
function listSources(workspace) {
  const folder = join(ROOT, workspace, "src");
  const files = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
  return [...files, join(ROOT, workspace, "tsconfig.json"), join(ROOT, "tsconfig.base.json")].map((path) => {
    const { size, mtimeMs } = statSync(path);
    return `${path} ${size} ${mtimeMs}`;
  });
}
