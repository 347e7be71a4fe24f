/** A run as a line of a list: its picture, what it is, how it stands. The whole line leads to its page. */
import type { Prediction, Training } from "@easel/contract";
import { Link } from "@tanstack/react-router";
import { picturesOf } from "../runs.ts";
import { Picture } from "./picture.tsx";
import { Status } from "./status.tsx";
import { durationInWords, Moment } from "./time.tsx";

export function RunRow({ run }: { run: Training | Prediction }) {
  const isTraining = "destination" in run;
  const { prompt } = run.input;
  const title = isTraining ? run.destination : typeof prompt === "string" ? prompt : run.model;
  const [picture] = isTraining ? [] : picturesOf(run);
  return (
    <Link
      to="/p/$id"
      params={{ id: run.id }}
      className="flex min-w-0 items-center gap-3 rounded-md px-2 py-2.5 hover:bg-sunken sm:gap-4"
    >
      <span className="size-12 shrink-0 overflow-hidden rounded-sm bg-sunken">
        {picture !== undefined && <Picture url={picture} alt="" className="size-12 object-cover" />}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{title}</span>
        <span className="block truncate text-sm text-soft">
          {isTraining ? `training on ${run.model}` : run.model} · <Moment at={run.created_at} />
          {run.metrics.predict_time !== undefined && ` · ${durationInWords(run.metrics.predict_time)}`}
        </span>
      </span>
      <Status status={run.status} />
    </Link>
  );
}
