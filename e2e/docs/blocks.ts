/**
 * The fenced blocks of a page. `sh`, `js` and `python` are what a reader would run, and are run; one that no test can run
 * says so behind its language: ```sh not run: needs systemd
 */

export interface Block {
  /** Of the opening fence, from 1. */
  line: number;
  language: string;
  text: string;
  /** Why it is not run. */
  notRun: string | undefined;
}

export const RUN_LANGUAGES = ["sh", "js", "python"];
/** What a page shows and nobody runs. */
const SHOWN_LANGUAGES = ["text", "json", "yaml", "toml", "ini", "nginx", "csv", "diff"];

/** Throws for a fence that does not say what it is: such a block would never be run, and nobody would know. */
export function readBlocks(page: string, markdown: string): Block[] {
  const lines = markdown.split("\n");
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, indent = "", info] = /^( *)```(.*)$/.exec(lines[index] ?? "") ?? [];
    if (info === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, index + 1);
    if (end < 0) throw new Error(`${page}:${index + 1} opens a block that is never closed.`);
    const text = lines.slice(index + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ line: index + 1, ...readInfo(`${page}:${index + 1}`, info), text: text.join("\n") });
    index = end;
  }
  return blocks;
}

function readInfo(place: string, info: string): Pick<Block, "language" | "notRun"> {
  const [, language = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(info) ?? [];
  if (SHOWN_LANGUAGES.includes(language) && rest === "") return { language, notRun: undefined };
  const notRun = /^not run: (\S.*)$/.exec(rest)?.[1];
  if (RUN_LANGUAGES.includes(language) && (rest === "" || notRun !== undefined)) return { language, notRun };
  throw new Error(
    `${place}: a block begins with \`\`\` and one of ${[...RUN_LANGUAGES, ...SHOWN_LANGUAGES].join(", ")}; behind ` +
      `${RUN_LANGUAGES.join(", ")} may stand "not run: why". This one says "${info}".`,
  );
}
