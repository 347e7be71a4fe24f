/** Where words and data go: data to stdout, words to stderr, and at a terminal one live line below them. */

type Paint = (text: string) => string;

export interface Terminal {
  /** A person watches stderr: lines may be redrawn. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly paint: Record<"bold" | "dim" | "green" | "red" | "yellow" | "cyan", Paint>;
  data(text: string): void;
  words(text: string): void;
  problem(text: string, next?: string): void;
  /** Sets the line below all words; null takes it away. Does nothing where nobody watches. */
  live(line: string | null): void;
}

export interface Streams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  env: NodeJS.ProcessEnv;
}

export function createTerminal({ stdout, stderr, env }: Streams): Terminal {
  const interactive = stderr.isTTY === true && env.TERM !== "dumb";
  const colours = interactive && !env.NO_COLOR;
  const paint =
    (open: number, close: number): Paint =>
    (text) =>
      colours ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  const paints = {
    bold: paint(1, 22),
    dim: paint(2, 22),
    green: paint(32, 39),
    red: paint(31, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
  let line: string | null = null;
  const above = (text: string) => {
    stderr.write(line === null ? `${text}\n` : `\r\x1b[2K${text}\n${line}`);
  };
  return {
    interactive,
    get columns() {
      return stderr.columns ?? 80;
    },
    paint: paints,
    data(text) {
      if (line !== null) stderr.write("\r\x1b[2K");
      stdout.write(`${text}\n`);
      if (line !== null) stderr.write(line);
    },
    words: above,
    problem(text, next) {
      above(`${paints.red("✗")} ${text}`);
      if (next !== undefined) above(`  ${next}`);
    },
    live(next) {
      const fitted = next === null ? null : fit(next, (stderr.columns ?? 80) - 1);
      if (!interactive || fitted === line) return;
      stderr.write(`\r\x1b[2K${fitted ?? ""}`);
      line = fitted;
    },
  };
}

const COLOUR = new RegExp(`(${"\x1b"}\\[\\d+m)`);

/** Cuts a line to so many columns, since one that wraps cannot be taken back. Colours take no room and stay. */
export function fit(line: string, columns: number): string {
  let room = columns;
  return line
    .split(COLOUR)
    .map((part, index) => {
      if (index % 2 === 1) return part;
      const shown = [...part].slice(0, Math.max(0, room));
      room -= shown.length;
      return shown.join("");
    })
    .join("");
}

export const terminal = createTerminal(process);
