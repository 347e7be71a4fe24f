/** `/p/{id}`: a training or a prediction, from the queue to its result. Opens by session, or by a link signed for it. */
import { ApiError, type Client, isTerminal, type Prediction, type Training } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { client, linkClient, queries } from "../../client.ts";
import { NotFound } from "../../parts/not-found.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { PredictionView } from "./prediction.tsx";
import { TrainingView } from "./training.tsx";

export interface Shown<Run> {
  run: Run;
  client: Client;
  /** Opened by a link: it may be looked at, not changed. */
  isReadOnly: boolean;
}

export function RunPage() {
  const { id } = useParams({ from: "/p/$id" });
  const { data, error } = useQuery({
    queryKey: ["runs", id],
    queryFn: () => open(id),
    // The events say when there is something new; this is for what they do not tell, such as a wish to cancel.
    refetchInterval: (query) => (query.state.data && isTerminal(query.state.data.run.status) ? false : 10_000),
  });
  if (data !== undefined) {
    const { run, ...rest } = data;
    if ("destination" in run) return <TrainingView {...rest} run={run} />;
    return <PredictionView {...rest} run={run} />;
  }
  if (error instanceof ApiError && error.status === 404) return <NotFound />;
  return (
    <Page title="Run">{error === null ? <p className="text-soft">Loading…</p> : <ErrorNotice error={error} />}</Page>
  );
}

async function open(id: string): Promise<Shown<Training | Prediction>> {
  try {
    return { run: await client.runs.get(id), client, isReadOnly: false };
  } catch (error) {
    const isRefused = error instanceof ApiError && (error.status === 401 || error.status === 404);
    if (!isRefused || linkClient === undefined) throw error;
    return { run: await linkClient.runs.get(id), client: linkClient, isReadOnly: true };
  }
}

/** Asks for the run anew, as when its status has changed. */
export function refreshRun(id: string): void {
  queries.invalidateQueries({ queryKey: ["runs", id] });
}
