/** How the scripts speak: words to stderr, one line for each thing done, one sentence for each failure. */

const live = process.stderr.isTTY && process.env.TERM !== "dumb";
const colours = live && !process.env.NO_COLOR;

export const bold = (text) => (colours ? `\x1b[1m${text}\x1b[22m` : text);
export const dim = (text) => (colours ? `\x1b[2m${text}\x1b[22m` : text);
const green = (text) => (colours ? `\x1b[32m${text}\x1b[39m` : text);
const red = (text) => (colours ? `\x1b[31m${text}\x1b[39m` : text);

/** Something that the user can put right. `message` is one sentence with the way out; `output` is what a tool said. */
export class Trouble extends Error {
  constructor(message, output = "") {
    super(message);
    this.output = output;
  }
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** The steps that are under way: several may be, side by side. */
const underWay = new Set();

/** Shows that `work` goes on, then how long it took. `work` gets a function that takes the latest line of a tool. */
export async function step(name, work) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const self = { show: () => `${name} … ${seconds()} s`, line: "" };
  underWay.add(self);
  if (!live) say(`  ${name} …`);
  const timer = live ? setInterval(redraw, 250) : setInterval(() => say(`  ${self.show()}`), 20_000);
  const end = (mark) => {
    clearInterval(timer);
    underWay.delete(self);
    say(`${live ? "\r\x1b[2K" : ""}${mark} ${name} ${dim(`(${seconds()} s)`)}`);
  };
  try {
    const result = await work((latest) => {
      self.line = latest;
    });
    end(green("✓"));
    return result;
  } catch (error) {
    end(red("✗"));
    throw error;
  }
}

/** One line for all that is under way; where it is one thing, with what its tool says. */
function redraw() {
  const steps = [...underWay];
  const text = `  ${steps.map(({ show }) => show()).join(" · ")}  ${steps.length === 1 ? steps[0].line : ""}`;
  process.stderr.write(`\r\x1b[2K${dim(text.slice(0, (process.stderr.columns ?? 80) - 1))}`);
}

/** Does several things side by side. Where one fails the others still come to their end, then the first failure is thrown. */
export async function together(...works) {
  const results = await Promise.allSettled(works.map((work) => work()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Runs a script's main function; Trouble ends it with its sentence and exit code 1. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (error.output) say(shorten(error.output));
    say(`${red("Easel could not go on:")} ${error.message}`);
    process.exitCode = 1;
  }
}

/** The beginning and the end of what a tool said: one of them names the cause. */
function shorten(output) {
  const lines = output.trimEnd().split("\n");
  return (lines.length <= 30 ? lines : [...lines.slice(0, 12), "…", ...lines.slice(-15)]).join("\n");
}
