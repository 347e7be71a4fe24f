/** Where a run is: its place in the queue, its stage, how far it is and how long it may still take. */
import type { RunStatus } from "@easel/contract";
import type { Story } from "../story.ts";
import { Progress } from "./progress.tsx";
import { aboutInWords } from "./time.tsx";

/** What a stage is called in words; one that is not here is shown by its own name. */
const WORDS: Record<string, string> = {
  fetching: "Fetching files",
  loading: "Loading the base",
  preparing: "Preparing the images",
  captioning: "Writing captions",
  training: "Training",
  sampling: "Drawing samples",
  saving: "Saving",
  drawing: "Drawing",
};

export function Stage({ story, status, isLost }: { story: Story; status: RunStatus; isLost: boolean }) {
  const { stage, progress, queuePosition } = story;
  const isTraining =
    progress !== undefined && (stage === undefined || ["training", "sampling", "saving"].includes(stage.name));
  const left = story.secondsLeft;
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="font-medium" aria-live="polite">
          {status === "starting"
            ? queueWords(queuePosition)
            : stage === undefined
              ? "Starting"
              : (WORDS[stage.name] ?? stage.name)}
          {story.attempt > 1 && <span className="text-soft"> · attempt {story.attempt}</span>}
        </p>
        <p className="text-sm text-soft tabular-nums">
          {isTraining && `step ${progress.step} of ${progress.total}`}
          {!isTraining && stage?.total !== undefined && `${stage.done ?? 0} of ${stage.total}`}
          {isTraining && left !== undefined && ` · about ${aboutInWords(left)} left`}
        </p>
      </div>
      <Progress
        label="Progress"
        value={isTraining ? progress.step : stage?.done}
        max={isTraining ? progress.total : stage?.total}
      />
      {isLost && (
        <p className="text-sm text-warn">
          The server does not answer at the moment. The run goes on by itself, and this page takes it up again.
        </p>
      )}
    </div>
  );
}

function queueWords(position: number | null): string {
  if (position === null) return "Waiting";
  return position === 0 ? "Next in the queue" : `${position} before it in the queue`;
}
