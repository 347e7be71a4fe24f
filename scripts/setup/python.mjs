/** A Python environment in `.venv`: torch first, in the build that fits the machine, then everything else as pinned. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../command.mjs";
import { dim, say, step, Trouble } from "../words.mjs";
import { checkDisk } from "./machine.mjs";
import { hashOf, isStamped, stamp } from "./stamp.mjs";

const PYTHON = join(ROOT, ".venv", "bin", "python");
const SECOND_CLIENT = join(ROOT, "e2e", "clients", "replicate-2.lock");
const CPU_INDEX = "https://download.pytorch.org/whl/cpu";
const VERSIONS = [11, 12, 13];

/** Installs the environment unless exactly the pinned packages are there. */
export async function installPython({ tests }) {
  const locks = ["requirements.lock", ...(tests ? ["requirements-dev.lock"] : [])].map((name) => join(ROOT, name));
  const name = tests ? "python for tests" : "python";
  const hash = hashOf(
    ...locks.map((path) => readFileSync(path, "utf8")),
    ...(tests ? [readFileSync(SECOND_CLIENT, "utf8")] : []),
  );
  if (isStamped(name, hash) && existsSync(PYTHON)) return;
  if (!existsSync(PYTHON)) await makeEnvironment();
  if ((await listDifferences(locks)).length > 0) await install(locks);
  if (tests) await installSecondClient();
  stamp(name, hash);
}

/** It cannot stand beside the first, whose name it has. Where a pre-release cannot be had, its tests are passed over. */
async function installSecondClient() {
  const folder = join(ROOT, ".venv", "replicate-2");
  if (existsSync(folder)) return;
  const { code } = await pip(["install", "--no-deps", "--target", folder, "-r", SECOND_CLIENT]);
  if (code === 0) return;
  rmSync(folder, { recursive: true, force: true });
  say(dim("  Replicate's second Python client cannot be fetched: what is tested with it is passed over."));
}

async function makeEnvironment() {
  const python = await findPython();
  checkDisk(".venv", 3);
  await step("Python environment", async () => {
    const { code, output } = await run(python, ["-m", "venv", join(ROOT, ".venv")]);
    if (code === 0) return;
    rmSync(join(ROOT, ".venv"), { recursive: true, force: true });
    throw new Trouble(
      `${python} could not make an environment: install its venv module (Debian and Ubuntu: \`sudo apt install python3-venv\`) and run the command again.`,
      output,
    );
  });
}

/** The first Python of a version that fits; `EASEL_PYTHON` is taken or refused, never passed over. */
export async function findPython(chosen = process.env.EASEL_PYTHON) {
  const candidates = chosen ? [chosen] : ["python3", ...VERSIONS.toReversed().map((minor) => `python3.${minor}`)];
  const seen = [];
  for (const python of candidates) {
    const { code, output } = await run(python, ["-c", "import sys; print(*sys.version_info[:2])"]);
    const [major, minor] = output.trim().split(" ").map(Number);
    if (code === 0 && major === 3 && VERSIONS.includes(minor)) return python;
    if (code === 0) seen.push(`${python} is ${major}.${minor}`);
  }
  throw new Trouble(
    `no Python 3.11, 3.12 or 3.13 was found${seen.length ? ` (${seen.join(", ")})` : chosen ? ` (${chosen} does not start)` : ""}: install one from https://www.python.org/downloads or by your system's packages, or name it in EASEL_PYTHON.`,
  );
}

async function install(locks) {
  await installTorch(readTorchPin(locks[0]));
  const build = await readTorchBuild();
  await step("Python packages", async (onLine) => {
    const { code, output } = await pip(["install", ...locks.flatMap((path) => ["-r", path])], { onLine });
    if (code !== 0) throw new Trouble(explain(output), output);
  });
  const differences = await listDifferences(locks);
  const after = await readTorchBuild();
  if (after !== build) differences.push(`torch was ${build} and is ${after} now`);
  if (differences.length > 0) {
    throw new Trouble(
      `the Python environment is not what it should be (${differences.join("; ")}): remove .venv and run the command again.`,
    );
  }
  say(dim(`  torch ${build}`));
}

async function installTorch(pin) {
  const driver = await hasNvidiaDriver();
  if (driver) checkDisk(join(".venv", "lib", "torch"), 8);
  const index = process.env.EASEL_TORCH_INDEX || (process.platform === "linux" && !driver ? CPU_INDEX : undefined);
  const what = driver ? "PyTorch with CUDA, about 2.6 GB" : "PyTorch, about 200 MB";
  await step(what, async (onLine) => {
    let result = await pip(["install", pin, ...(index ? ["--index-url", index] : [])], {
      onLine,
      env: index ? { PIP_RETRIES: "1" } : {},
    });
    if (result.code !== 0 && index) {
      say(`\n  ${index} did not give ${pin}; taking the build of PyPI, which may be 2.6 GB.`);
      result = await pip(["install", pin], { onLine });
    }
    if (result.code !== 0) throw new Trouble(explain(result.output), result.output);
  });
}

function pip(args, options) {
  return run(PYTHON, ["-m", "pip", "--disable-pip-version-check", "--no-input", ...args], options);
}

/** The driver's library can be loaded, or its tool answers. */
async function hasNvidiaDriver() {
  if ((await run("nvidia-smi", [])).code === 0) return true;
  return (await run(PYTHON, ["-c", 'import ctypes; ctypes.CDLL("libcuda.so.1")'])).code === 0;
}

function readTorchPin(lock) {
  const [pin] = /^torch==[^\s;]+/m.exec(readFileSync(lock, "utf8")) ?? [];
  if (!pin) throw new Error(`${lock} does not pin torch`);
  return pin;
}

/** Torch's version and CUDA's, read without the seconds that its import takes. */
async function readTorchBuild() {
  const read =
    'import importlib.util, pathlib, runpy; folder = pathlib.Path(importlib.util.find_spec("torch").origin).parent; ' +
    'values = runpy.run_path(str(folder / "version.py")); print(values["__version__"], "with CUDA " + values["cuda"] if values["cuda"] else "for the CPU")';
  return (await run(PYTHON, ["-c", read])).output.trim();
}

async function listDifferences(locks) {
  const { code, output } = await run(PYTHON, [join(ROOT, "scripts", "setup", "satisfied.py"), ...locks]);
  if (code !== 0)
    throw new Trouble("the Python in .venv does not run: remove .venv and run the command again.", output);
  return output.split("\n").filter(Boolean);
}

function explain(output) {
  if (/No space left/.test(output)) return "the disk is full: make room for 3 GB and run the command again.";
  if (/NewConnectionError|ConnectTimeout|Name or service|name resolution|ReadTimeout|ProxyError/i.test(output)) {
    return "the Python packages cannot be fetched: check the network or pip's proxy setting and run the command again.";
  }
  return "pip could not install the Python packages, as the lines above say.";
}
