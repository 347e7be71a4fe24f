/** A run as a line of a list: its picture, what it is, how it stands. The whole line leads to its page. */
import type { Prediction, Training } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Ref, useEffect, useRef, useState } from "react";
import { client } from "../client.ts";
import { picturesOf } from "../runs.ts";
import { Mark } from "./mark.tsx";
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
      {isTraining ? <TrainingThumbnail run={run} /> : <Thumbnail url={picture} />}
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{title}</span>
        <span className="block truncate text-sm text-soft">
          {isTraining ? `training on ${run.model}` : run.model} · <Moment at={run.created_at} />
          {run.metrics.predict_time !== undefined && ` · ${durationInWords(run.metrics.predict_time)}`}
        </span>
        <span className="mt-1 block sm:hidden">
          <Status status={run.status} />
        </span>
      </span>
      <span className="hidden sm:block">
        <Status status={run.status} />
      </span>
    </Link>
  );
}

function Thumbnail({ url, box }: { url: string | undefined; box?: Ref<HTMLSpanElement> }) {
  return (
    <span
      ref={box}
      className="grid size-12 shrink-0 place-items-center overflow-hidden rounded-sm bg-sunken opacity-90"
    >
      {url === undefined ? <Mark /> : <Picture url={url} alt="" className="size-12 object-cover" />}
    </span>
  );
}

/** What the training drew last. Asked for when the row comes into view: lists can be long. */
function TrainingThumbnail({ run }: { run: Training }) {
  const box = useRef<HTMLSpanElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (box.current === null) return;
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const artifacts = useQuery({
    queryKey: ["artifacts", run.id, run.status],
    queryFn: () => client.runs.artifacts(run.id),
    enabled: isSeen && run.status === "succeeded",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const picture = artifacts.data?.results.findLast(({ file }) => file.contentType.startsWith("image/"));
  return <Thumbnail url={picture?.file.url} box={box} />;
}
