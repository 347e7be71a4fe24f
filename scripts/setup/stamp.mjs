/** Remembers, by hashes, what set-up has done. Knows nothing of the steps. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../command.mjs";

const PATH = join(ROOT, ".setup", "stamp.json");

/** True if `name` was last stamped with this hash. */
export function isStamped(name, hash) {
  return readStamps()[name] === hash;
}

export function stamp(name, hash) {
  mkdirSync(join(ROOT, ".setup"), { recursive: true });
  writeFileSync(PATH, `${JSON.stringify({ ...readStamps(), [name]: hash }, null, 2)}\n`);
}

/** One hash of several texts, in which none can run into the next. */
export function hashOf(...texts) {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("hex");
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(PATH, "utf8"));
  } catch {
    return {};
  }
}
