/**
 * The same call in four languages, filled in with a version and an input. Strings only: the tests run each of them as it
 * is shown here.
 */
import type { RunInput } from "@easel/contract";

export interface Call {
  /** The server's address, without `/v1`. */
  origin: string;
  /** `owner/name`. */
  reference: string;
  version: string;
  input: RunInput;
}

export const LANGUAGES = ["Command line", "curl", "Node", "Python"] as const;
export type Language = (typeof LANGUAGES)[number];

export function snippet(language: Language, call: Call): string {
  return WRITERS[language](call);
}

const WRITERS: Record<Language, (call: Call) => string> = {
  "Command line": ({ origin, reference, version, input }) =>
    [
      `export EASEL_URL=${origin}`,
      ["npx easel run", `${reference}:${version}`, ...Object.entries(input).map(argument)].join(" \\\n  "),
    ].join("\n"),
  curl: ({ origin, version, input }) =>
    [
      "curl --silent --show-error --fail-with-body",
      '-H "Authorization: Bearer $EASEL_TOKEN"',
      '-H "Content-Type: application/json"',
      '-H "Prefer: wait"',
      `-d ${quoted(JSON.stringify({ version, input }))}`,
      `${origin}/v1/predictions`,
    ].join(" \\\n  "),
  Node: ({ origin, reference, version, input }) =>
    `import { writeFile } from "node:fs/promises";
import Replicate from "replicate";

const replicate = new Replicate({ auth: process.env.EASEL_TOKEN, baseUrl: "${origin}/v1" });
const output = await replicate.run("${reference}:${version}", {
  input: ${indented(JSON.stringify(input, null, 2), 2)},
});
for (const [place, file] of [output].flat().entries()) await writeFile(\`out-\${place}.png\`, file);`,
  Python: ({ origin, reference, version, input }) =>
    `import os, replicate

client = replicate.Client(api_token=os.environ["EASEL_TOKEN"], base_url="${origin}")
output = client.run(
    "${reference}:${version}",
    input=${indented(python(input), 4)},
)
for place, file in enumerate(output if isinstance(output, list) else [output]):
    open(f"out-{place}.png", "wb").write(file.read())`,
};

function argument([name, value]: [string, RunInput[string]]): string {
  return `${name}=${quoted(typeof value === "string" ? value : JSON.stringify(value))}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function indented(text: string, by: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(by)}`);
}

/** JSON as Python writes it: its strings are Python's, its constants have other names. */
function python(value: RunInput[string], indent = ""): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  if (Array.isArray(value)) return `[${value.map((item) => python(item, deeper)).join(", ")}]`;
  const entries = Object.entries(value).map(
    ([key, item]) => `${deeper}${JSON.stringify(key)}: ${python(item, deeper)},`,
  );
  return entries.length === 0 ? "{}" : `{\n${entries.join("\n")}\n${indent}}`;
}
