/** Follows a run at the terminal until it ends, or until Ctrl-C leaves it to itself. */
import { type Client, type RunEvent, type RunStatus, readWarnings } from "@easel/contract";
import { drawBar } from "./bar.ts";
import { formatDuration } from "./format.ts";
import { advance, NOTHING_YET, type Progress, secondsLeft } from "./progress.ts";
import { terminal } from "./terminal.ts";

/** How the following ended: the run did, or the person left. */
export type Ending = RunStatus | "left";

/** Shows a run's progress, and its log lines where `logs` is set; answers how it ended. */
export async function followRun(client: Client, id: string, { logs = false } = {}): Promise<Ending> {
  const stop = new AbortController();
  const leave = () => stop.abort();
  process.on("SIGINT", leave);
  const show = terminal.interactive ? liveLine() : plainLines();
  let progress = NOTHING_YET;
  const clock = setInterval(() => show.draw(progress), 250);
  try {
    const onLost = (reason: string) => show.lost(reason);
    for await (const event of client.runs.events(id, { signal: stop.signal, onLost })) {
      const before = progress;
      progress = advance(progress, event);
      if (logs) printLog(event);
      else sayWarnings(event);
      show.event(before, progress);
    }
    return progress.status;
  } catch (error) {
    if (stop.signal.aborted) return "left";
    throw error;
  } finally {
    clearInterval(clock);
    // npx hands on a Ctrl-C that we have had from the terminal already: the second must not cut our last words.
    if (!stop.signal.aborted) process.off("SIGINT", leave);
    terminal.live(null);
  }
}

function printLog(event: RunEvent): void {
  if (event.type === "log") terminal.data(event.data.text);
}

/** Where the log is not shown. */
function sayWarnings(event: RunEvent): void {
  if (event.type !== "log") return;
  for (const warning of readWarnings(event.data.text)) terminal.words(terminal.paint.yellow(`! ${warning}`));
}

interface Show {
  draw(progress: Progress): void;
  event(before: Progress, now: Progress): void;
  lost(reason: string): void;
}

/** One line that is drawn anew, with a line left behind for each stage that is over. */
function liveLine(): Show {
  let lost: string | null = null;
  const draw = (progress: Progress) =>
    terminal.live(
      lost === null
        ? describe(progress, Date.now())
        : terminal.paint.yellow(`The server is away (${lost}); dialling again`),
    );
  return {
    draw,
    event(before, now) {
      lost = null;
      if (before.stage !== null && before.stage !== now.stage && before.stage.name !== now.stage?.name) {
        const seconds = ((now.stage?.at ?? Date.now()) - before.stage.at) / 1000;
        terminal.words(
          `${terminal.paint.green("✓")} ${before.stage.name} ${terminal.paint.dim(formatDuration(seconds))}`,
        );
      }
      draw(now);
    },
    lost(reason) {
      lost = reason;
    },
  };
}

const QUIET_MS = 5000;

/** Few lines: each stage, and each tenth of the steps, but no two of them in a few seconds. */
function plainLines(): Show {
  let spokenAt = 0;
  return {
    draw() {},
    event(before, now) {
      if (now.queuePosition !== null && now.queuePosition !== before.queuePosition)
        terminal.words(describe(now, Date.now()));
      if (now.stage !== null && now.stage.name !== before.stage?.name) terminal.words(now.stage.name);
      if (now.step === null || tenth(now) === tenth(before) || Date.now() - spokenAt < QUIET_MS) return;
      terminal.words(describe(now, Date.now()));
      spokenAt = Date.now();
    },
    lost(reason) {
      terminal.words(`The server is away (${reason}); dialling again`);
    },
  };
}

function tenth({ step }: Progress): number {
  return step === null || step.total === 0 ? 0 : Math.floor((10 * step.step) / step.total);
}

/** "train  ████···· 52 %  step 104/200  loss 0.081  1 min 10 s left"; `now` in milliseconds since 1970. */
export function describe(progress: Progress, now: number): string {
  const { stage, step, loss, queuePosition } = progress;
  if (progress.status === "starting" && stage === null) {
    return queuePosition ? `waiting, ${queuePosition} before it` : "waiting for a model process";
  }
  const counted = step ?? (stage?.total ? { step: stage.done ?? 0, total: stage.total } : null);
  const left = secondsLeft(progress);
  return [
    stage?.name ?? "starting",
    counted && drawBar(counted.step / counted.total, terminal, terminal.columns < 100 ? 12 : 24),
    counted && `${step ? "step " : ""}${counted.step}/${counted.total}`,
    loss !== null && `loss ${loss.toPrecision(3)}`,
    left !== null && left >= 1 && `${formatDuration(left)} left`,
    counted === null && stage !== null && formatDuration((now - stage.at) / 1000),
  ]
    .filter(Boolean)
    .join("  ");
}
