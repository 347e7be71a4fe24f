/** Packs the command line as a package without dependencies, cli/dist/easel.tgz, which the server offers for installing. */
import { copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";
import { ROOT, run } from "./command.mjs";

const CLI = join(ROOT, "cli");

await build({ configFile: join(CLI, "vite.config.ts"), logLevel: "warn" });
await copyFile(join(ROOT, "LICENSE"), join(CLI, "dist", "LICENSE"));
const { code, output } = await run("npm", ["pack", "--json", "--pack-destination", "dist"], { cwd: CLI });
if (code !== 0) throw new Error(output);
const { filename } = JSON.parse(output.slice(output.indexOf("[")))[0];
await rm(join(CLI, "dist", "easel.tgz"), { force: true });
await rename(join(CLI, "dist", filename), join(CLI, "dist", "easel.tgz"));
