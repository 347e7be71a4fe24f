/** What is known of a run while it goes, gathered from its events. A pure function of them. */
import type { RunEvent, RunStatus } from "@easel/contract";

export interface Progress {
  status: RunStatus;
  /** Runs before this one, where it waits and the server says so. */
  queuePosition: number | null;
  attempt: number;
  stage: { name: string; done?: number; total?: number; at: number } | null;
  step: { step: number; total: number } | null;
  loss: number | null;
  /** The last steps with their times in milliseconds, by which the pace is told. */
  recent: { step: number; at: number }[];
  error: string | null;
}

export const NOTHING_YET: Progress = {
  status: "starting",
  queuePosition: null,
  attempt: 0,
  stage: null,
  step: null,
  loss: null,
  recent: [],
  error: null,
};

const RECENT = 20;

/** The progress after one more event. */
export function advance(progress: Progress, event: RunEvent): Progress {
  switch (event.type) {
    case "status":
      return { ...progress, status: event.data.status, queuePosition: event.data.queuePosition ?? null };
    case "done":
      return { ...progress, status: event.data.status, error: event.data.error ?? progress.error };
    case "failed":
      return { ...progress, error: event.data.error };
  }
  const begun = event.data.attempt > progress.attempt ? { ...NOTHING_YET, attempt: event.data.attempt } : progress;
  const current: Progress = { ...begun, status: event.data.attempt > 0 ? "processing" : progress.status };
  const at = Date.parse(event.data.at);
  switch (event.type) {
    case "stage":
      return enterStage(current, event.data, at);
    case "progress": {
      const { step, total } = event.data;
      return { ...current, step: { step, total }, recent: [...current.recent, { step, at }].slice(-RECENT) };
    }
    case "metric":
      return { ...current, loss: event.data.values.loss ?? current.loss };
    default:
      return current;
  }
}

function enterStage(progress: Progress, data: { name: string; done?: number; total?: number }, at: number): Progress {
  const { name, done, total } = data;
  if (progress.stage?.name === name) return { ...progress, stage: { ...progress.stage, done, total } };
  // Steps belong to the stage in which they were counted.
  return { ...progress, stage: { name, done, total, at }, step: null, recent: [], loss: null };
}

/** Seconds until the last step, by the pace of the recent ones; null until two are known. */
export function secondsLeft({ step, recent }: Progress): number | null {
  const [first, last] = [recent[0], recent.at(-1)];
  if (step === null || first === undefined || last === undefined || last.step <= first.step) return null;
  return ((last.at - first.at) / 1000 / (last.step - first.step)) * (step.total - step.step);
}
