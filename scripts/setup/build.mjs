/** Contract, server and CLI from TypeScript to `dist/`, the command line as a package, and the pages by Vite. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../command.mjs";
import { step, Trouble } from "../words.mjs";
import { hashOf, isStamped, stamp } from "./stamp.mjs";

/** What is built, by which tool, from what. A part is built anew when one of its sources has changed. */
const PARTS = [
  {
    name: "build",
    what: "Build",
    tool: ["node_modules/typescript/bin/tsc", "-b"],
    gives: ["server/dist/main.js", "cli/dist/main.js"],
    sources: [
      ...["contract", "server", "cli"].flatMap((name) => [`${name}/src`, `${name}/tsconfig.json`]),
      "tsconfig.base.json",
    ],
  },
  {
    name: "command line",
    what: "Command line",
    tool: ["scripts/pack-cli.mjs"],
    gives: ["cli/dist/easel.tgz"],
    sources: ["cli/src", "cli/bin", "cli/package.json", "cli/vite.config.ts", "scripts/pack-cli.mjs", "contract/src"],
  },
  {
    name: "pages",
    what: "Pages",
    tool: ["node_modules/vite/bin/vite.js", "build", "--config", "web/vite.config.ts", "--logLevel", "warn"],
    gives: ["web/dist/index.html"],
    sources: ["web/src", "web/public", "web/index.html", "web/vite.config.ts", "contract/src", "docs", "NOTICE.md"],
  },
];

/** Builds what has changed since. */
export async function build() {
  for (const { name, what, tool, gives, sources } of PARTS) {
    const hash = hashOf(...sources.flatMap(listSources));
    if (gives.every((path) => existsSync(join(ROOT, path))) && isStamped(name, hash)) continue;
    await step(what, async () => {
      const [script, ...args] = tool;
      const { code, output } = await run(process.execPath, [join(ROOT, script), ...args]);
      if (code !== 0) throw new Trouble("the sources do not build, as the lines above say.", output);
    });
    stamp(name, hash);
  }
}

/** Path, size and time of each file that a build reads. */
function listSources(path) {
  const { size, mtimeMs } = statSync(join(ROOT, path));
  if (!statSync(join(ROOT, path)).isDirectory()) return [`${path} ${size} ${mtimeMs}`];
  return readdirSync(join(ROOT, path), { recursive: true })
    .map((name) => join(path, name))
    .filter((name) => statSync(join(ROOT, name)).isFile() && !name.endsWith(".test.ts"))
    .flatMap(listSources);
}
