/** What a machine must have before anything is installed on it. */
import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../command.mjs";
import { Trouble } from "../words.mjs";

const NODE_MIN = [20, 20];

/** Throws Trouble where Node is too old or the system is one that Easel does not run on. */
export function checkMachine() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new Trouble(
      `this is Node ${process.versions.node}, and Easel needs ${NODE_MIN.join(".")} or newer: install Node 22 from https://nodejs.org and run the command again.`,
    );
  }
  if (process.platform === "win32") {
    throw new Trouble("Easel runs on Linux and macOS: on Windows, use it inside WSL (https://aka.ms/wsl).");
  }
}

/** Throws Trouble where the checkout's disk has fewer than `gigabytes` free and `folder` is not there yet. */
export function checkDisk(folder, gigabytes) {
  if (existsSync(join(ROOT, folder))) return;
  const { bavail, bsize } = statfsSync(ROOT);
  const free = (bavail * bsize) / 1e9;
  if (free < gigabytes) {
    throw new Trouble(
      `${folder} needs ${gigabytes} GB of disk and ${free.toFixed(1)} GB are free: make room, or move the checkout to a larger disk.`,
    );
  }
}
