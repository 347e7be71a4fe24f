/** The first page: what is running and what was made. */
import { isTerminal } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Card } from "../../parts/card.tsx";
import { Empty } from "../../parts/empty.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { RunRow } from "../../parts/run-row.tsx";
import { predictionsQuery, trainingsQuery } from "../../runs.ts";

const SHOWN_MAX = 12;

export function Home() {
  const trainings = useQuery(trainingsQuery);
  const predictions = useQuery(predictionsQuery);
  const error = trainings.error ?? predictions.error;
  if (error !== null) return <Page title="Home">{<ErrorNotice error={error} />}</Page>;
  if (trainings.data === undefined || predictions.data === undefined) return <Page title="Home">{null}</Page>;
  const all = [...trainings.data.results, ...predictions.data.results].sort((a, b) =>
    b.created_at.localeCompare(a.created_at),
  );
  const running = all.filter((run) => !isTerminal(run.status));
  const ended = all.filter((run) => isTerminal(run.status)).slice(0, SHOWN_MAX);
  return (
    <Page title="Home">
      <div className="flex flex-col gap-4 sm:gap-6">
        {running.length > 0 && (
          <Card title="Running now">
            {running.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </Card>
        )}
        {ended.length > 0 && (
          <Card title="Made so far">
            {ended.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </Card>
        )}
        {all.length === 0 && (
          <Empty title="Nothing has been made yet">
            Start from the command line: <code className="font-mono">npx easel train --help</code>
          </Empty>
        )}
      </div>
    </Page>
  );
}
