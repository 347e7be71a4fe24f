/** The first page: what is running and what was made; for a newcomer, the way to a first fine-tune. */
import { isTerminal } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Card } from "../../parts/card.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Picture } from "../../parts/picture.tsx";
import { RunRow } from "../../parts/run-row.tsx";
import { picturesOf, predictionsQuery, trainingsQuery } from "../../runs.ts";
import { Welcome } from "./welcome.tsx";

const ROWS_MAX = 8;
const PICTURES_MAX = 12;

export function Home() {
  const trainings = useQuery(trainingsQuery);
  const predictions = useQuery(predictionsQuery);
  const error = trainings.error ?? predictions.error;
  if (error !== null) {
    return (
      <Page title="Home">
        <ErrorNotice error={error} />
      </Page>
    );
  }
  if (trainings.data === undefined || predictions.data === undefined) return <Page title="Home">{null}</Page>;
  const drawn = predictions.data.results.filter((run) => run.model !== "easel/prepare");
  const all = [...trainings.data.results, ...drawn].sort((a, b) => b.created_at.localeCompare(a.created_at));
  const running = all.filter((run) => !isTerminal(run.status));
  const ended = trainings.data.results.filter((run) => isTerminal(run.status)).slice(0, ROWS_MAX);
  const pictures = drawn.flatMap((run) => picturesOf(run).map((url) => ({ url, run }))).slice(0, PICTURES_MAX);
  if (trainings.data.results.length === 0) return <Welcome running={running} />;
  return (
    <Page title="Home" heading="Lately">
      <div className="flex flex-col gap-4 sm:gap-6">
        {running.length > 0 && (
          <Card title="Running now">
            {running.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </Card>
        )}
        {pictures.length > 0 && (
          <Card title="Pictures">
            <ul className="grid grid-cols-[repeat(auto-fill,minmax(8.5rem,1fr))] gap-3">
              {pictures.map(({ url, run }) => (
                <li key={url}>
                  <Link to="/p/$id" params={{ id: run.id }} className="block rounded-md">
                    <Picture url={url} alt={String(run.input.prompt ?? run.model)} className="aspect-square" />
                  </Link>
                </li>
              ))}
            </ul>
          </Card>
        )}
        {ended.length > 0 && (
          <Card title="Trainings">
            {ended.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </Card>
        )}
      </div>
    </Page>
  );
}
