/** A model card in words, as the README of a model that has none of its own. Says what is in the card and nothing else. */
import type { ModelCard } from "@easel/contract";
import { z } from "zod";

const Known = z.looseObject({
  base: z.object({ name: z.string(), sha256: z.string() }).optional(),
  technique: z.string().optional(),
  token_strings: z.array(z.string()).default([]),
  trigger: z.looseObject({ present: z.number(), total: z.number() }).optional(),
  steps: z.number().optional(),
  settings: z.record(z.string(), z.json()).default({}),
  images: z
    .array(z.looseObject({ name: z.string(), caption: z.string(), caption_source: z.string().optional() }))
    .default([]),
  loss: z.array(z.tuple([z.number(), z.number()])).default([]),
  libraries: z.record(z.string(), z.string()).default({}),
  files: z.record(z.string(), z.string()).default({}),
});

/** Markdown. `name` is `owner/name`; pictures are named by the links in the card. */
export function describeCard(card: ModelCard, name: string): string {
  const known = Known.parse(card);
  return [
    `# ${name}`,
    describeOrigin(known),
    describePrompts(card, name),
    section(
      "Images",
      table(
        ["image", "caption"],
        known.images.map((image) => [image.name, image.caption]),
      ),
    ),
    section(
      "Settings",
      table(
        ["input", "value"],
        Object.entries(known.settings).map(([input, value]) => [input, text(value)]),
      ),
    ),
    section("Made with", describeFiles(known, card)),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function describeOrigin({ base, technique, token_strings, trigger, steps, loss }: z.infer<typeof Known>): string {
  const words = token_strings.map((token) => `\`${token}\``).join(", ");
  const [first, last] = [loss[0], loss.at(-1)];
  return [
    base === undefined
      ? ""
      : `Trained on the base \`${base.name}\` (\`${base.sha256.slice(0, 12)}\`) by ${technique}, ${steps} steps.`,
    words === ""
      ? ""
      : `Its word is ${words}${trigger === undefined ? "" : `, which ${trigger.present} of ${trigger.total} captions hold`}.`,
    first === undefined || last === undefined
      ? ""
      : `Its loss went from ${first[1].toFixed(4)} to ${last[1].toFixed(4)}.`,
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

function describePrompts({ prompts }: ModelCard, name: string): string {
  const shown = prompts.map(({ prompt, seed, picture }) => {
    const command = `easel run ${name} prompt=${JSON.stringify(prompt)}${seed === undefined ? "" : ` seed=${seed}`}`;
    return [picture == null ? "" : `![${prompt.replaceAll(/[[\]]/g, "")}](${picture})`, `\`\`\`\n${command}\n\`\`\``]
      .filter(Boolean)
      .join("\n\n");
  });
  return section("Try it", shown.join("\n\n"));
}

function describeFiles({ libraries, files }: z.infer<typeof Known>, { weights }: ModelCard): string {
  const made = Object.entries(libraries).map(([library, version]) => `${library} ${version}`);
  const rows = Object.entries({ ...files, ...(weights == null ? {} : { "the tar": weights.sha256 }) });
  return [made.join(", "), table(["file", "SHA-256"], rows)].filter((part) => part !== "").join("\n\n");
}

function section(title: string, body: string): string {
  return body === "" ? "" : `## ${title}\n\n${body}`;
}

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return "";
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
