/** The browser that the tests of the pages run in: the system's own Chromium or Chrome. Users need none of it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.mjs";
import { step, Trouble } from "../words.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path of its program; undefined where there is none. */
export async function findChromium() {
  const paths = (process.env.PATH ?? "").split(":").flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of paths) if (existsSync(path) && (await run(path, ["--version"])).code === 0) return path;
  return undefined;
}

/** Installs it where that needs no password; throws Trouble with the way where it does. */
export async function installChromium() {
  if ((await findChromium()) !== undefined) return;
  const canInstall = process.getuid?.() === 0 && (await run("apt-get", ["--version"])).code === 0;
  if (!canInstall) {
    throw new Trouble(
      "the tests of the pages need Chromium: install it (Debian: `sudo apt install chromium`; elsewhere Google Chrome does) and run the command again.",
    );
  }
  await step("Chromium, for the tests of the pages", async (onLine) => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update"], { onLine, env });
    const { code, output } = await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], {
      onLine,
      env,
    });
    if (code !== 0 || (await findChromium()) === undefined) {
      throw new Trouble(
        "Chromium could not be installed by apt-get, as the lines above say: install it by hand.",
        output,
      );
    }
  });
}
