/** A training's page, from the queue to what has come of it. */
import { isTerminal, type Training } from "@easel/contract";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { localPath } from "../../client.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Picture } from "../../parts/picture.tsx";
import { Status } from "../../parts/status.tsx";
import { durationInWords, Moment } from "../../parts/time.tsx";
import { useTheme } from "../../theme.ts";
import { Dataset } from "./dataset.tsx";
import { refreshRun, type Shown } from "./run.tsx";
import { RunLog } from "./run-log.tsx";
import { Samples } from "./samples.tsx";
import { Settings } from "./settings.tsx";
import { Stage } from "./stage.tsx";
import type { Story } from "./story.ts";
import { useStory } from "./use-story.ts";

const LossCurve = lazy(() => import("./loss-curve.tsx"));

export function TrainingView({ run, client, isReadOnly }: Shown<Training>) {
  const { story, isLost, error } = useStory(client, run.id);
  const theme = useTheme();
  const status = story.status ?? run.status;
  useEffect(() => {
    if (status !== run.status) refreshRun(run.id);
  }, [status, run.status, run.id]);
  const loss = story.curves.get("loss");
  const prepared = story.artifacts.findLast((file) => file.name === "prepared.zip");
  return (
    <Page
      title={`Training ${run.destination}`}
      heading={run.destination}
      lead={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <Status status={status} />
          <span>
            trained on {run.model}, <Moment at={run.created_at} />
          </span>
          {run.metrics.total_time !== undefined && <span>in {durationInWords(run.metrics.total_time)}</span>}
        </span>
      }
      actions={
        !isReadOnly && !isTerminal(status) && <Ending run={run} story={story} client={client} isReadOnly={false} />
      }
    >
      <div className="flex flex-col gap-4 sm:gap-6">
        {error !== undefined && <ErrorNotice error={error} />}
        {run.error !== null && <Failure error={run.error} code={story.failure?.code} />}
        {!isTerminal(status) && (
          <Card>
            <Stage story={story} status={status} isLost={isLost} />
          </Card>
        )}
        {status === "succeeded" && <Result run={run} story={story} />}
        <div className="grid gap-4 empty:hidden sm:gap-6 lg:grid-cols-2">
          {story.samples.size > 0 && (
            <Card title="Samples">
              <Samples samples={story.samples} />
            </Card>
          )}
          {loss !== undefined && (
            <Card title="Loss">
              <Suspense fallback={<div className="h-55" />}>
                <LossCurve key={theme} curve={loss} count={loss.steps.length} />
              </Suspense>
              <p className="mt-2 text-xs text-soft">
                How far the guesses are off: bold, the running mean. It falls at first and then trembles; the samples
                say more.
              </p>
            </Card>
          )}
        </div>
        {prepared !== undefined && <Dataset url={localPath(prepared.url)} />}
        <RunLog run={run} story={story} isReadOnly={isReadOnly} />
        <Settings run={run} />
      </div>
    </Page>
  );
}

function Failure({ error, code }: { error: string; code: string | undefined }) {
  return (
    <Notice tone="bad" title="The training failed">
      {error}
      {code !== undefined && <span className="mt-2 block font-mono text-xs text-soft">{code}</span>}
    </Notice>
  );
}

/** The picture drawn from the finished weights, and what to do with them. */
function Result({ run, story }: { run: Training; story: Story }) {
  const pictures = story.artifacts.filter((file) => file.contentType.startsWith("image/"));
  return (
    <Card title="Trained">
      <div className="flex flex-col gap-5 sm:flex-row">
        {pictures.map((file) => (
          <div key={file.url} className="w-full max-w-56 shrink-0">
            <Picture url={file.url} alt={`Drawn with ${run.destination}`} className="aspect-square" />
          </div>
        ))}
        <div className="flex min-w-0 flex-col gap-4">
          <p className="text-sm text-soft">
            The weights are saved and checked: this picture was drawn from them. Version{" "}
            <span className="font-mono break-all">{run.output?.version.split(":")[1]?.slice(0, 12)}</span> of{" "}
            {run.destination} is the newest now.
          </p>
          <div className="flex flex-wrap gap-2">
            {run.output !== null && (
              <a href={localPath(run.output.weights)} download className={buttonClass()}>
                Download weights
              </a>
            )}
          </div>
        </div>
      </div>
    </Card>
  );
}

function Ending({ run, client, story }: Shown<Training> & { story: Story }) {
  const [asked, setAsked] = useState<"cancel" | "keep">();
  const end = useMutation({
    mutationFn: (how: "cancel" | "keep") =>
      how === "keep" ? client.runs.stopAndKeep(run.id) : client.trainings.cancel(run.id),
    onSettled: () => refreshRun(run.id),
  });
  const hasLearnt = story.progress !== undefined;
  return (
    <>
      {hasLearnt && (
        <Button busy={end.isPending} onClick={() => setAsked("keep")}>
          Stop and keep
        </Button>
      )}
      <Button busy={end.isPending} onClick={() => setAsked("cancel")}>
        Cancel
      </Button>
      {end.isError && <ErrorNotice error={end.error} />}
      <Confirm
        open={asked === "cancel"}
        onClose={() => setAsked(undefined)}
        title="Cancel this training?"
        action="Cancel the training"
        onConfirm={() => end.mutate("cancel")}
      >
        It ends within seconds, and nothing of it is published.
        {hasLearnt && " To have what it has learnt so far as a version, stop and keep it instead."}
      </Confirm>
      <Confirm
        open={asked === "keep"}
        onClose={() => setAsked(undefined)}
        title="Stop here and keep the result?"
        action="Stop and keep"
        onConfirm={() => end.mutate("keep")}
      >
        {`It ends after ${story.progress?.step ?? 0} of ${story.progress?.total ?? 0} steps, and what it has learnt becomes a version of ${run.destination}.`}
      </Confirm>
    </>
  );
}
