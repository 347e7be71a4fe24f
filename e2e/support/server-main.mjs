/**
 * The server as a program for tests: Easel's own start with `easel/echo` and two models more, and with what only a test may
 * turn: EASEL_TEST_BUILD (the build's index.js, for a patched copy), EASEL_TEST_LEASE_SECONDS,
 * EASEL_TEST_KILL_GRACE_SECONDS, EASEL_TEST_CPUS (how many devices the CPU counts as), EASEL_TEST_PROCESSES_MAX (how
 * many model processes may stand on one) and EASEL_TEST_STAND_IN (the embedded base stands in for SDXL).
 */
import { createHash } from "node:crypto";
import { totalmem } from "node:os";

const env = process.env;
const { BUILTINS, readConfig, startServer } = await import(env.EASEL_TEST_BUILD ?? "@easel/server");

/** Models of the tests, which no installation has. */
const MODELS = [
  builtin("echo", "models/echo", "Gives back what it is given."),
  builtin("words", "e2e/models/words", "Gives a text back word by word."),
  builtin("pages", "e2e/models/pages", "Gives files one by one."),
];

function builtin(name, program, description) {
  const versionId = createHash("sha256").update(`easel/${name} 1`).digest("hex");
  const schema = `${program}/openapi.json`;
  return { owner: "easel", name, description, program, base: null, schema, needs: "cpu", versionId, aliases: [] };
}

/** SDXL's versions under their own ids, with a base that a CPU can train. */
function standIn(one) {
  if (!env.EASEL_TEST_STAND_IN || one.name !== "sdxl") return one;
  return { ...one, base: "emoji", schema: "bases/emoji/openapi.json", needs: "cpu" };
}

// A server whose test is gone has nobody to stop it.
process.stdin.on("end", () => process.exit(1)).resume();

const config = readConfig();
if (env.EASEL_TEST_LEASE_SECONDS) config.leaseSeconds = Number(env.EASEL_TEST_LEASE_SECONDS);
if (env.EASEL_TEST_KILL_GRACE_SECONDS) config.killGraceSeconds = Number(env.EASEL_TEST_KILL_GRACE_SECONDS);
const machine = {
  builtins: [...BUILTINS.map(standIn), ...MODELS],
  ...(env.EASEL_TEST_CPUS ? { devices: cpus(env.EASEL_TEST_CPUS) } : {}),
};
const server = await startServer(config, machine);
process.on("SIGTERM", async () => {
  await server.stop();
  process.exit(0);
});
console.log(`Easel listens on ${server.url}`);

function cpus(count) {
  return Array.from({ length: Number(count) }, (_, index) => ({
    name: index === 0 ? "cpu" : `cpu:${index}`,
    kind: "cpu",
    label: "CPU",
    memoryBytes: totalmem(),
    processesMax: Number(env.EASEL_TEST_PROCESSES_MAX ?? 2),
  }));
}
