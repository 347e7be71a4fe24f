/** How long a training will take on this machine, from how long its trainings took. Knows nothing of pages. */
import type { Training } from "@easel/contract";

/** What the time of a training depends on. */
export interface Work {
  steps: number;
  batch: number;
  /** Pixels of a side. */
  resolution: number;
}

export interface Estimate {
  seconds: number;
  /** How many trainings it goes by. */
  from: number;
}

const LOOKED_AT_MAX = 10;
/** Of one training alone it is not known how much was steps and how much loading, preparing and saving. */
const FIXED_SHARE = 0.25;

/** `defaults` stand for what a training was not given. Undefined where none has succeeded on `model` yet. */
export function estimate(trainings: Training[], model: string, work: Work, defaults: Work): Estimate | undefined {
  const points = trainings
    .filter((run) => run.model === model && run.status === "succeeded" && run.metrics.predict_time !== undefined)
    .slice(0, LOOKED_AT_MAX)
    .map((run) => ({ size: sizeOf(workOf(run, defaults)), seconds: run.metrics.predict_time ?? 0 }));
  if (points.length === 0) return undefined;
  const { fixed, perSize } = fit(points);
  return { seconds: fixed + perSize * sizeOf(work), from: points.length };
}

function workOf({ input }: Training, defaults: Work): Work {
  const number = (value: unknown, fallback: number) => (typeof value === "number" ? value : fallback);
  return {
    steps: number(input.max_train_steps, defaults.steps),
    batch: number(input.train_batch_size, defaults.batch),
    resolution: number(input.resolution, defaults.resolution),
  };
}

/** Steps × images a step × pixels: what the time of the steps is proportional to. */
function sizeOf({ steps, batch, resolution }: Work): number {
  return steps * batch * resolution ** 2;
}

/** A line through the points: what each training takes anyway, and what its size adds. */
function fit(points: { size: number; seconds: number }[]): { fixed: number; perSize: number } {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [size, seconds] = [mean(points.map((point) => point.size)), mean(points.map((point) => point.seconds))];
  const spread = mean(points.map((point) => (point.size - size) ** 2));
  const slope = mean(points.map((point) => (point.size - size) * (point.seconds - seconds))) / spread;
  const fixed = seconds - slope * size;
  if (spread > 0 && slope > 0 && fixed >= 0) return { fixed, perSize: slope };
  return { fixed: FIXED_SHARE * seconds, perSize: ((1 - FIXED_SHARE) * seconds) / size };
}
