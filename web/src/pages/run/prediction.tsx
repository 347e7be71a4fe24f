/** A prediction's page: what was asked, what came, and how long it took. */
import { isTerminal, type Prediction, type RunFile } from "@easel/contract";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { client, localPath, queries } from "../../client.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { Facts } from "../../parts/facts.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Picture } from "../../parts/picture.tsx";
import { Stage } from "../../parts/stage.tsx";
import { Status } from "../../parts/status.tsx";
import { durationInWords, Moment } from "../../parts/time.tsx";
import { namesOf } from "../../runs.ts";
import { useAccountName } from "../../session.ts";
import { useStory } from "../../use-story.ts";
import { FailureCode } from "./failure-code.tsx";
import { refreshRun, type Shown } from "./run.tsx";
import { RunLog } from "./run-log.tsx";
import { Settings } from "./settings.tsx";

export function PredictionView({ run, client: reader, isReadOnly }: Shown<Prediction>) {
  const { story, isLost, error } = useStory(reader, run.id);
  const status = story.status ?? run.status;
  useEffect(() => {
    if (status !== run.status) refreshRun(run.id);
  }, [status, run.status, run.id]);
  const cancel = useMutation({
    mutationFn: () => reader.predictions.cancel(run.id),
    onSettled: () => refreshRun(run.id),
  });
  const { prompt } = run.input;
  const { owner, name } = namesOf(run.model);
  return (
    <Page
      title={`Prediction with ${run.model}`}
      heading={typeof prompt === "string" ? prompt : `Prediction with ${run.model}`}
      lead={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <Status status={status} />
          <span>
            {run.model}, <Moment at={run.created_at} />
          </span>
        </span>
      }
      actions={
        <>
          {!isReadOnly && !isTerminal(status) && (
            <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel
            </Button>
          )}
          {!isReadOnly && <CopyButton text={run.urls.web} label="Copy a link to share" />}
          {!isReadOnly && run.status === "succeeded" && <ShowAsExample run={run} />}
          {!isReadOnly && (
            <Link
              to="/$owner/$name"
              params={{ owner, name }}
              search={{ from: run.id }}
              className={buttonClass("secondary")}
            >
              Tweak it
            </Link>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-4 sm:gap-6">
        {error !== undefined && <ErrorNotice error={error} />}
        {cancel.isError && <ErrorNotice error={cancel.error} />}
        {run.error !== null && (
          <Notice tone="bad" title="The prediction failed">
            {run.error}
            <FailureCode story={story} />
          </Notice>
        )}
        {!isTerminal(status) && (
          <Card>
            <Stage story={story} status={status} isLost={isLost} />
          </Card>
        )}
        <Output output={run.output} files={story.outputs} />
        <div className="grid gap-4 sm:gap-6 lg:grid-cols-2">
          <Settings run={run} />
          <Card title="Timings">
            <Facts
              facts={[
                ["asked for", new Date(run.created_at).toLocaleString()],
                ["drawn in", run.metrics.predict_time === undefined ? "—" : durationInWords(run.metrics.predict_time)],
                ["all in all", run.metrics.total_time === undefined ? "—" : durationInWords(run.metrics.total_time)],
              ]}
            />
          </Card>
        </div>
        <RunLog run={run} story={story} isReadOnly={isReadOnly} />
      </div>
    </Page>
  );
}

/** For the owner of the model: puts the prediction among its examples. */
function ShowAsExample({ run }: { run: Prediction }) {
  const { owner, name } = namesOf(run.model);
  const isMine = useAccountName() === owner;
  const show = useMutation({
    mutationFn: () => client.models.addExample(owner, name, run.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["models", owner, name] }),
  });
  if (!isMine) return null;
  return (
    <Button busy={show.isPending} disabled={show.isSuccess} onClick={() => show.mutate()}>
      {show.isSuccess ? "Among the examples" : show.isError ? "That did not work" : "Show as an example"}
    </Button>
  );
}

/** Pictures as pictures, other files as files, and anything else as it is. */
function Output({ output, files }: { output: Prediction["output"]; files: RunFile[] }) {
  if (output === null) return null;
  if (files.length === 0) {
    return (
      <Card title="Output">
        <pre className="overflow-x-auto text-sm whitespace-pre-wrap">
          {typeof output === "string" ? output : JSON.stringify(output, null, 2)}
        </pre>
      </Card>
    );
  }
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(16rem,100%),1fr))] gap-4">
      {files.map((file) => (
        <OutputFile key={file.url} file={file} />
      ))}
    </ul>
  );
}

function OutputFile({ file }: { file: RunFile }) {
  return (
    <li className="rounded-lg border border-line bg-surface p-3">
      {file.contentType.startsWith("image/") && <Picture url={file.url} alt={`Output ${file.name}`} />}
      <a href={localPath(file.url)} download={file.name} className={`${buttonClass("quiet", "small")} mt-2`}>
        Download {file.name}
      </a>
    </li>
  );
}
