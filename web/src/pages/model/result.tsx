/** A prediction as it comes: where it is, then its pictures, or why there are none. */
import { isTerminal, type Prediction } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { client, localPath, queries } from "../../client.ts";
import { buttonClass } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Picture } from "../../parts/picture.tsx";
import { Stage } from "../../parts/stage.tsx";
import { durationInWords } from "../../parts/time.tsx";
import { picturesOf } from "../../runs.ts";
import { useStory } from "../../use-story.ts";

export function Result({ id, title }: { id: string; title: string }) {
  const { story, isLost } = useStory(client, id);
  const { data: run } = useQuery({ queryKey: ["predictions", id], queryFn: () => client.predictions.get(id) });
  const status = story.status ?? run?.status ?? "starting";
  const isStale = run !== undefined && run.status !== status;
  useEffect(() => {
    if (isStale) queries.invalidateQueries({ queryKey: ["predictions"] });
  }, [isStale]);
  return (
    <Card
      title={title}
      actions={
        <Link to="/p/$id" params={{ id }} className={buttonClass("quiet", "small")}>
          Its page
        </Link>
      }
    >
      {!isTerminal(status) && <Stage story={story} status={status} isLost={isLost} />}
      {run !== undefined && isTerminal(run.status) && <Ended run={run} />}
    </Card>
  );
}

function Ended({ run }: { run: Prediction }) {
  if (run.status === "failed") {
    return (
      <Notice tone="bad" title="The prediction failed">
        {run.error}
      </Notice>
    );
  }
  if (run.status === "canceled") return <p className="text-sm text-soft">It was canceled.</p>;
  const pictures = picturesOf(run);
  const { prompt } = run.input;
  return (
    <div className="flex flex-col gap-3">
      {pictures.map((url) => (
        <a key={url} href={localPath(url)} target="_blank" rel="noreferrer">
          <Picture url={url} alt={typeof prompt === "string" ? prompt : "Output"} />
        </a>
      ))}
      {pictures.length === 0 && (
        <pre className="overflow-x-auto text-sm whitespace-pre-wrap">
          {typeof run.output === "string" ? run.output : JSON.stringify(run.output, null, 2)}
        </pre>
      )}
      <p className="text-sm text-soft">
        {typeof prompt === "string" && <span className="block break-words text-ink">{prompt}</span>}
        {run.metrics.predict_time !== undefined && `drawn in ${durationInWords(run.metrics.predict_time)}`}
        {seedOf(run)}
      </p>
    </div>
  );
}

/** The seed stands in the log when nobody chose one. */
function seedOf(run: Prediction): string {
  const seed = run.input.seed ?? /Using seed: (\d+)/.exec(run.logs)?.[1];
  return seed === undefined ? "" : ` · seed ${seed}`;
}
