/** Node's packages, from package-lock.json. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, run } from "../command.mjs";
import { step, Trouble } from "../words.mjs";
import { checkDisk } from "./machine.mjs";
import { hashOf, isStamped, stamp } from "./stamp.mjs";

/** Installs the packages unless exactly these are there. */
export async function installPackages() {
  const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  const hash = hashOf(lock, process.versions.modules, process.platform, process.arch);
  if (isStamped("packages", hash) && existsSync(join(ROOT, "node_modules"))) return;
  if (!(isInstalled(JSON.parse(lock)) && (await canLoadSqlite()))) await install();
  stamp("packages", hash);
}

async function install() {
  checkDisk("node_modules", 1);
  if (!(await addMissing())) {
    await step("Node packages, a minute or three the first time", async (onLine) => {
      const { code, output } = await run("npm", ["ci", "--no-audit", "--no-fund"], { env: headers(), onLine });
      if (code !== 0) throw new Trouble(await explain(output), output);
    });
  }
  if (!(await canLoadSqlite())) {
    throw new Trouble("better-sqlite3 was installed and does not load: remove node_modules and run the command again.");
  }
}

/**
 * Where packages are there already, only those that the lock file has changed: `npm ci` would remove them all and
 * compile SQLite anew, which takes minutes. False where that does not lead to what the lock file says.
 */
async function addMissing() {
  if (!existsSync(join(ROOT, "node_modules"))) return false;
  // npm believes this list more than the folders themselves; without it, it looks.
  rmSync(join(ROOT, "node_modules", ".package-lock.json"), { force: true });
  const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  const { code } = await step("Node packages that have changed", (onLine) =>
    run("npm", ["install", "--no-save", "--no-audit", "--no-fund"], { env: headers(), onLine }),
  );
  return code === 0 && isInstalled(JSON.parse(lock));
}

/**
 * better-sqlite3 is compiled where its ready-made binary cannot be fetched. node-gyp would then fetch Node's headers
 * as well; where Node brought them along, it is told so.
 */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include", "node", "node.h")) ? { npm_config_nodedir: prefix } : {};
}

async function explain(output) {
  if (/node-gyp|gyp ERR/.test(output)) {
    for (const [tool, what] of [
      ["c++", "a C++ compiler"],
      ["make", "make"],
      ["python3", "Python 3"],
    ]) {
      if ((await run(tool, ["--version"])).code !== 0) {
        return `SQLite had to be compiled and ${what} is missing: install it (Debian and Ubuntu: \`sudo apt install build-essential python3\`; macOS: \`xcode-select --install\`) and run the command again.`;
      }
    }
    return "SQLite had to be compiled and that failed, as the lines above say: if Node's headers could not be fetched, use Node from https://nodejs.org, which brings them.";
  }
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network/i.test(output)) {
    return "npm's registry cannot be reached: check the network or npm's proxy setting and run the command again.";
  }
  if (/EUSAGE/.test(output)) {
    return "package-lock.json does not fit package.json: bring both back as they were committed and run the command again.";
  }
  if (/ENOSPC/.test(output)) return "the disk is full: make room for 1 GB and run the command again.";
  return "npm could not install the packages, as the lines above say.";
}

/** True if node_modules holds the lock file's version of each package; those of other systems may be missing. */
export function isInstalled(lock, installed = readInstalled()) {
  return Object.entries(lock.packages).every(([path, { version, link, optional }]) => {
    if (!path.startsWith("node_modules/") || link) return true;
    const found = installed[path];
    return found === undefined ? optional === true : found.version === version;
  });
}

function readInstalled() {
  try {
    return JSON.parse(readFileSync(join(ROOT, "node_modules", ".package-lock.json"), "utf8")).packages;
  } catch {
    return {};
  }
}

/** In a process of its own, because a binary made for another Node would end this one. */
async function canLoadSqlite() {
  const open = 'new (require("better-sqlite3"))(":memory:").close()';
  return (await run(process.execPath, ["-e", open])).code === 0;
}
