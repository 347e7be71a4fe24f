/** Runs other programs. Knows nothing of what they are for. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/**
 * Runs a program to its end and collects what it says; `onLine` gets its latest line.
 * Answers the exit code, `null` where the program cannot be started.
 */
export function run(command, args, { env = {}, onLine = () => {}, cwd = ROOT } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output += text;
        const line = output
          .trimEnd()
          .split(/[\r\n]/)
          .at(-1);
        if (line) onLine(line.trim());
      });
    }
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

/** Runs a program on our own terminal, all of its words to stderr, and answers its exit code. */
export function runOpenly(command, args) {
  return ended(spawn(command, args, { cwd: ROOT, stdio: ["ignore", 2, 2] }));
}

/** Runs a program and hands each whole line that it says to `onLine`; answers its exit code. */
export function runByLine(command, args, onLine) {
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
  return ended(child);
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
