/** Who may import whom. Each rule says in a sentence why it is there, and that sentence is what a breach prints. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { ROOT } from "./command.mjs";

/** `in`: the files a rule is about. `not`: what they may not import: a package, or a path from the checkout. */
const RULES = [
  {
    in: /^contract\/src\//,
    not: /^(?!zod$|contract\/src\/)/,
    because: "The contract imports only zod: whatever crosses a wire must be readable by everyone, a browser too.",
  },
  {
    in: /^cli\/src\//,
    not: /^(server|web|contract)\//,
    because: "The CLI knows the server only by @easel/contract: what it needs from it belongs there.",
  },
  {
    in: /^web\/src\//,
    not: /^(server|cli|contract)\/|^node:/,
    because: "A page knows the server only by @easel/contract: what it needs from it belongs there.",
  },
  {
    in: /^web\/src\/(?!pages\/|router\.tsx$|parts\/shell\.tsx$)/,
    not: /^web\/src\/pages\//,
    because: "Pages are made of parts, never the other way round.",
  },
  {
    in: /^server\/src\//,
    not: /^(cli|web|contract)\//,
    because: "The server knows its clients only by @easel/contract.",
  },
  {
    in: /^server\/src\/(accounts|runs|models|exports|files|intake|preflight|fetch|webhooks|processes)\/|^server\/src\/db\.ts$/,
    not: /^(server\/src\/routes\/|server\/src\/app\.ts|hono$|hono\/)/,
    because: "Only routes know HTTP: whatever else they call takes and gives plain values.",
  },
  {
    in: /^server\/src\/(models|exports|files|intake|preflight|fetch)\//,
    not: /^server\/src\/runs\//,
    because: "Imports go routes, then runs, then models, files and intake, then db, and never back.",
  },
  {
    in: /^server\/src\/accounts\//,
    not: /^server\/src\/(runs|models|webhooks|processes)\//,
    because: "Who someone is does not depend on what they own.",
  },
  {
    in: /^server\/src\/(db|ids|errors|config|env)\.ts$/,
    not: /^server\/src\/(routes|accounts|runs|models|exports|files|intake|preflight|fetch|webhooks|processes)\//,
    because: "The ground imports nothing that stands on it.",
  },
  {
    in: /^server\/src\/routes\//,
    not: /^(kysely|better-sqlite3)$/,
    because: "Routes write no SQL: all statements about a table are in its store.ts.",
  },
  {
    in: /^server\/src\/(?!fetch\/)/,
    not: /^(node:)?(https?|http2|tls)$|^undici$/,
    because: "The server has one HTTP client, fetch/, which dials no private address.",
  },
  {
    in: /^runner\//,
    not: /^(torch|diffusers|transformers|peft|numpy|PIL|models)(\.|$)/,
    because: "The runner makes a process of any model: it imports none, and no torch.",
  },
  {
    in: /^models\/sdxl\/loop\.py$/,
    not: /^(diffusers|transformers)(\.|$)/,
    because: "loop.py trains whatever it is given: only base.py knows what an SDXL is made of.",
  },
  {
    in: /^models\//,
    not: /^(server|cli|contract)(\.|\/|$)/,
    because: "A model is plain functions: of Easel it knows only the runner.",
  },
];

/** Tests may use what they like. */
const IS_TEST = /\.test\.ts$|\/testing\/|\/tests\/|(^|\/)(test_[^/]*|conftest)\.py$/;

/** The breaches in one file, as sentences with file and line. */
export function findBreaches(path, source) {
  if (IS_TEST.test(path)) return [];
  const rules = RULES.filter((rule) => rule.in.test(path));
  return (path.endsWith(".py") ? readPythonImports(source) : readImports(path, source)).flatMap(({ name, line }) =>
    rules.filter((rule) => rule.not.test(name)).map((rule) => `${path}:${line} imports ${name}. ${rule.because}`),
  );
}

function readImports(path, source) {
  const pattern = /(?:\bfrom\s+|\bimport\s+|\bimport\s*\(\s*)["']([^"']+)["']/g;
  return [...withoutTemplates(source).matchAll(pattern)].map((match) => ({
    name: match[1].startsWith(".") ? normalize(join(dirname(path), match[1])) : match[1],
    line: lineAt(source, match.index),
  }));
}

/** Code that a page shows to its reader stands in template literals, and imports nothing here. */
function withoutTemplates(source) {
  return source.replaceAll(/`(?:\\.|[^`\\])*`/g, (text) => text.replaceAll(/[^\n]/g, " "));
}

function readPythonImports(source) {
  const pattern = /^[ \t]*(?:from\s+([\w.]+)\s+import\b|import\s+([^\n#]+))/gm;
  return [...source.matchAll(pattern)].flatMap((match) =>
    (match[1] ? [match[1]] : match[2].split(",").map((name) => name.trim().split(/\s/)[0])).map((name) => ({
      name,
      line: lineAt(source, match.index + match[0].search(/\S/)),
    })),
  );
}

function lineAt(source, index) {
  return source.slice(0, index).split("\n").length;
}

/** The breaches in the whole checkout. */
export function checkImports() {
  const list = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx", "*.py"],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  return list
    .split("\n")
    .filter((path) => path && existsSync(join(ROOT, path)))
    .flatMap((path) => findBreaches(path, readFileSync(join(ROOT, path), "utf8")));
}
