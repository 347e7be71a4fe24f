/** A training's page, from the queue to what has come of it. */
import { isTerminal, type Training } from "@easel/contract";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { localPath } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { PublishSnapshot } from "../../parts/publish-snapshot.tsx";
import { Stage } from "../../parts/stage.tsx";
import { Status } from "../../parts/status.tsx";
import { durationInWords, Moment } from "../../parts/time.tsx";
import type { Story } from "../../story.ts";
import { useTheme } from "../../theme.ts";
import { useStory } from "../../use-story.ts";
import { Dataset } from "./dataset.tsx";
import { FailureCode } from "./failure-code.tsx";
import { NotifyButton, useEndNotification } from "./notify.tsx";
import { Result } from "./result.tsx";
import { refreshRun, type Shown } from "./run.tsx";
import { RunLog } from "./run-log.tsx";
import { Samples } from "./samples.tsx";
import { Settings } from "./settings.tsx";
import { TrainAgain } from "./train-again.tsx";

const LossCurve = lazy(() => import("./loss-curve.tsx"));

export function TrainingView({ run, client, isReadOnly }: Shown<Training>) {
  const { story, isLost, error } = useStory(client, run.id);
  const theme = useTheme();
  const status = story.status ?? run.status;
  useEffect(() => {
    if (status !== run.status) refreshRun(run.id);
  }, [status, run.status, run.id]);
  useEndNotification(status, `Training ${run.destination}`);
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
            {isTerminal(status) ? "trained" : "training"} on {run.model}, <Moment at={run.created_at} />
          </span>
          {run.metrics.total_time !== undefined && <span>in {durationInWords(run.metrics.total_time)}</span>}
        </span>
      }
      actions={
        !isReadOnly && (
          <>
            {!isTerminal(status) && <NotifyButton />}
            {!isTerminal(status) && <Ending run={run} story={story} client={client} isReadOnly={false} />}
            <CopyButton text={run.urls.web} label="Copy a link to share" />
          </>
        )
      }
    >
      <div className="flex flex-col gap-4 sm:gap-6">
        {error !== undefined && <ErrorNotice error={error} />}
        {run.error !== null && <Failure run={run} story={story} isReadOnly={isReadOnly} />}
        {[...story.warnings].map((warning) => (
          <Notice key={warning} tone="warn" title="Warning">
            {warning}
          </Notice>
        ))}
        {!isTerminal(status) && (
          <Card>
            <Stage story={story} status={status} isLost={isLost} />
          </Card>
        )}
        {status === "succeeded" && <Result run={run} story={story} client={client} isReadOnly={isReadOnly} />}
        <div className="grid gap-4 empty:hidden sm:gap-6 lg:auto-cols-fr lg:grid-flow-col">
          {story.samples.size > 0 && (
            <Card title="Samples">
              <Samples
                samples={story.samples}
                action={(step) =>
                  isTerminal(status) &&
                  !isReadOnly &&
                  story.snapshots.has(step) && <PublishSnapshot key={step} training={run} step={step} />
                }
              />
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

function Failure({ run, story, isReadOnly }: { run: Training; story: Story; isReadOnly: boolean }) {
  return (
    <Notice tone="bad" title="The training failed" actions={!isReadOnly && <TrainAgain run={run} look="secondary" />}>
      {run.error}
      <FailureCode story={story} />
    </Notice>
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
