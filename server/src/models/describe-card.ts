/** A model card in words, as the README of a model that has none of its own. Says what is in the card and nothing else. */
import type { ModelCard } from "@easel/contract";

/** Markdown. `name` is `owner/name`; pictures are named by the links in the card. */
export function describeCard(card: ModelCard, name: string): string {
  return [
    `# ${name}`,
    describeOrigin(card),
    describePrompts(card, name),
    section(
      "Images",
      table(
        ["image", "caption"],
        card.images.map((image) => [image.name, image.caption]),
      ),
    ),
    section(
      "Settings",
      table(
        ["input", "value"],
        Object.entries(card.settings).map(([input, value]) => [input, text(value)]),
      ),
    ),
    section("Made with", describeFiles(card)),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function describeOrigin({ base, technique, token_strings, read_as, trigger, steps, chosen, loss }: ModelCard): string {
  const words = token_strings.map((token) => `\`${token}\``).join(", ");
  const [first, last] = [loss[0], loss.at(-1)];
  return [
    base === undefined
      ? ""
      : `Trained on the base \`${base.name}\` (\`${base.sha256.slice(0, 12)}\`) by ${technique}, ${steps} steps.`,
    chosen === undefined ? "" : `These are the weights as of step ${chosen.step}. ${chosen.reason}`,
    words === ""
      ? ""
      : `Its word is ${words}${trigger === undefined ? "" : `, which ${trigger.present} of ${trigger.total} captions hold`}.`,
    ...Object.entries(read_as).map(
      ([token, text]) => `The base reads \`${token}\` as "${text}"; write that in other programs.`,
    ),
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

function describeFiles({ libraries, files, weights }: ModelCard): string {
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
