/**
 * Makes a bare checkout ready: Node's packages, the build, and Python with torch. What is there already is kept, so
 * that a second run only looks. Needs nothing but Node.
 */
import { pathToFileURL } from "node:url";
import { build } from "./setup/build.mjs";
import { installChromium } from "./setup/chromium.mjs";
import { checkMachine } from "./setup/machine.mjs";
import { installPackages } from "./setup/packages.mjs";
import { installPython } from "./setup/python.mjs";
import { main, say, together } from "./words.mjs";

/** Sets up what a user needs; `tests` adds what only the tests need: a few Python packages, and Chromium. Throws Trouble. */
export async function setUp({ tests = false } = {}) {
  checkMachine();
  const installNode = async () => {
    await installPackages();
    await build();
  };
  // Compiling, fetching and unpacking leave each other time.
  await together(installNode, () => installPython({ tests }), ...(tests ? [installChromium] : []));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    await setUp({ tests: process.argv.includes("--tests") });
    say("Everything is there. `npm start` starts the server, `npm run demo` shows what it does.");
  });
}
