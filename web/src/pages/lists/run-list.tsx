/** Runs, newest first, as many as there are; narrowed, page by page as they come, by how they stand and by words. */
import type { Page as PageOf, Prediction, RunStatus, Training } from "@easel/contract";
import { isTerminal, RUN_STATUS_MOVES } from "@easel/contract";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { client } from "../../client.ts";
import { Card } from "../../parts/card.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { More } from "../../parts/more.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { RunRow } from "../../parts/run-row.tsx";

type Run = Training | Prediction;
type Shown = "all" | "running" | RunStatus;

interface RunListProps {
  name: "trainings" | "predictions";
  list: (from: Parameters<typeof client.predictions.list>[0]) => Promise<PageOf<Run>>;
  /** What stands here while there is none at all. */
  empty: ReactNode;
}

const STATUSES = Object.keys(RUN_STATUS_MOVES) as RunStatus[];
const WORDS: Record<RunStatus, string> = {
  starting: "Waiting",
  processing: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  canceled: "Canceled",
};
const REFRESH_MS = 3000;

export function RunList({ name, list, empty }: RunListProps) {
  const [shown, setShown] = useState<Shown>("all");
  const [words, setWords] = useState("");
  const runs = useInfiniteQuery({
    queryKey: [name, "all"],
    queryFn: ({ pageParam, signal }) => list({ next: pageParam, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    // While something moves the list follows; further pages hold what ended long ago.
    refetchInterval: ({ state }) =>
      state.data?.pages.length === 1 && state.data.pages[0]?.results.some((run) => !isTerminal(run.status))
        ? REFRESH_MS
        : false,
  });
  if (runs.isError) return <ErrorNotice error={runs.error} />;
  if (runs.data === undefined) return <p className="text-soft">Loading…</p>;
  const all = runs.data.pages.flatMap(({ results }) => results);
  if (all.length === 0) return empty;
  const isNarrowed = shown !== "all" || words.trim() !== "";
  const matching = all.filter((run) => isShown(run, shown) && holdsWords(run, words));
  return (
    <Card>
      <div className="mb-4 grid gap-3 sm:grid-cols-[2fr_1fr]">
        <TextField label="Find" placeholder="a word of the prompt or the model" value={words} onChange={setWords} />
        <SelectField
          label="Status"
          value={shown}
          onChange={(value) => setShown(STATUSES.find((status) => status === value) ?? "all")}
          options={[{ value: "all", label: "All" }, ...STATUSES.map((value) => ({ value, label: WORDS[value] }))]}
        />
      </div>
      {isNarrowed && (
        <p className="mb-2 text-sm text-soft" aria-live="polite">
          {`Found ${matching.length} among `}
          {runs.hasNextPage
            ? `the newest ${all.length} ${name}; older ones are looked through further down.`
            : `all ${all.length} ${name}.`}
        </p>
      )}
      <ul>
        {matching.map((run) => (
          <li key={run.id} className="[contain-intrinsic-size:auto_4.5rem] [content-visibility:auto]">
            <RunRow run={run} />
          </li>
        ))}
      </ul>
      <More query={runs} />
    </Card>
  );
}

function isShown(run: Run, shown: Shown): boolean {
  return shown === "all" || run.status === shown;
}

function holdsWords(run: Run, words: string): boolean {
  const text = `${run.model} ${"destination" in run ? run.destination : ""} ${String(run.input.prompt ?? "")} ${run.id}`;
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}
