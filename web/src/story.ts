/**
 * A run's events gathered into what a page shows: where it is, what it has drawn, its curves and its log. Knows nothing
 * of React or of connections. It is changed in place: a log can have a hundred thousand lines.
 */
import { type RunEvent, type RunFile, type RunStatus, readWarnings } from "@easel/contract";

export interface Sample {
  prompt: string;
  seed: number;
  file: RunFile;
}

export interface Curve {
  steps: number[];
  values: (number | null)[];
}

export class Story {
  status: RunStatus | undefined;
  /** Runs before this one in the queue; null once it has begun. */
  queuePosition: number | null = null;
  attempt = 0;
  stage: { name: string; done?: number; total?: number } | undefined;
  progress: { step: number; total: number } | undefined;
  /** By name, such as "loss". */
  readonly curves = new Map<string, Curve>();
  /** By step, each step's in the order of their prompts. */
  readonly samples = new Map<number, Sample[]>();
  readonly artifacts: RunFile[] = [];
  readonly snapshots = new Map<number, RunFile>();
  outputs: RunFile[] = [];
  readonly log: string[] = [];
  /** What it warns of, each once. */
  readonly warnings = new Set<string>();
  /** What it failed with, once it has. */
  errorCode: string | undefined;
  /** When this attempt's steps began, and its first step: what its pace is measured from. */
  private begun: { at: number; step: number } | undefined;
  private last: { at: number; step: number } | undefined;

  add(event: RunEvent): void {
    switch (event.type) {
      case "status":
        this.status = event.data.status;
        this.queuePosition = event.data.queuePosition ?? null;
        return;
      case "done":
        this.status = event.data.status;
        this.errorCode = event.data.code ?? undefined;
        return;
      default:
        this.enter(event.data.attempt);
        this.addReported(event);
    }
  }

  /** Seconds to the last step, at the pace so far, drawing and saving included; undefined before there is one. */
  get secondsLeft(): number | undefined {
    const { begun, last, progress } = this;
    if (begun === undefined || last === undefined || progress === undefined || last.step - begun.step < 3)
      return undefined;
    const secondsPerStep = (last.at - begun.at) / 1000 / (last.step - begun.step);
    return secondsPerStep * (progress.total - progress.step);
  }

  /** A new attempt goes on from a training state, or begins anew: its pace is its own. */
  private enter(attempt: number): void {
    if (attempt <= this.attempt) return;
    this.attempt = attempt;
    this.begun = undefined;
    this.last = undefined;
  }

  private addReported(event: Exclude<RunEvent, { type: "status" | "done" }>): void {
    switch (event.type) {
      case "stage":
        this.stage = event.data;
        return;
      case "progress":
        this.addProgress(event.data.step, event.data.total, Date.parse(event.data.at));
        return;
      case "metric":
        for (const [name, value] of Object.entries(event.data.values)) this.addPoint(name, event.data.step, value);
        return;
      case "sample":
        this.addSample(event.data.step, event.data);
        return;
      case "artifact":
        this.artifacts.push(event.data.file);
        return;
      case "snapshot":
        this.snapshots.set(event.data.step, event.data.file);
        return;
      case "chunk":
        if (event.data.file !== undefined) this.outputs = [...this.outputs, event.data.file];
        return;
      case "output":
        this.outputs = event.data.files ?? this.outputs;
        return;
      case "log":
        for (const line of event.data.text.replace(/\n$/, "").split("\n")) this.addLine(line);
        for (const warning of readWarnings(event.data.text)) this.warnings.add(warning);
        return;
    }
  }

  private addProgress(step: number, total: number, at: number): void {
    this.progress = { step, total };
    this.begun ??= { at, step };
    this.last = { at, step };
  }

  /** Steps that a lost attempt had done and a later one does again are told anew. */
  private addPoint(name: string, step: number, value: number | null): void {
    const curve = this.curves.get(name) ?? { steps: [], values: [] };
    this.curves.set(name, curve);
    while ((curve.steps.at(-1) ?? -1) >= step) {
      curve.steps.pop();
      curve.values.pop();
    }
    curve.steps.push(step);
    curve.values.push(value);
  }

  private addSample(step: number, sample: Sample): void {
    const others = (this.samples.get(step) ?? []).filter(
      (one) => one.prompt !== sample.prompt || one.seed !== sample.seed,
    );
    this.samples.set(step, [...others, sample]);
  }

  /** A progress line takes the place of the one before it: the bar above says the rest. */
  private addLine(text: string): void {
    const line = withoutColours(text);
    if (isProgress(line) && isProgress(this.log.at(-1) ?? "")) this.log[this.log.length - 1] = line;
    else this.log.push(line);
  }
}

function isProgress(line: string): boolean {
  return /^\s*\d{1,3}%\|/.test(line);
}

function withoutColours(line: string): string {
  return line.replace(/\p{Cc}\[[0-9;]*[A-Za-z]/gu, "");
}
