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

/** Shows that `work` goes on, then how long it took. `work` gets a function that takes the latest line of a tool. */
export async function step(name, work) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  let line = "";
  const redraw = () => {
    const text = `  ${name} … ${seconds()} s  ${line}`;
    process.stderr.write(`\r\x1b[2K${dim(text.slice(0, (process.stderr.columns ?? 80) - 1))}`);
  };
  if (!live) say(`  ${name} …`);
  const timer = live ? setInterval(redraw, 250) : setInterval(() => say(`  ${name} … ${seconds()} s`), 20_000);
  try {
    const result = await work((latest) => {
      line = latest;
    });
    clearInterval(timer);
    say(`${live ? "\r\x1b[2K" : ""}${green("✓")} ${name} ${dim(`(${seconds()} s)`)}`);
    return result;
  } catch (error) {
    clearInterval(timer);
    say(`${live ? "\r\x1b[2K" : ""}${red("✗")} ${name}`);
    throw error;
  }
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
