/** What the commands about trainings and those about predictions share. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Client, isTerminal, type Page, type Prediction, RunId, type Training } from "@easel/contract";
import { UsageError } from "./failure.ts";
import { formatAge, formatDuration, formatFreed, formatTable } from "./format.ts";
import { terminal } from "./terminal.ts";

type Run = Training | Prediction;

/** Throws UsageError where the text cannot be a run's id. */
export function readRunId(text: string): string {
  if (RunId.safeParse(text).success) return text;
  throw new UsageError(`"${text}" is no run's id.`, "Ids have 26 letters and digits; `list` shows them.");
}

/** Prints a page of runs as a table, or as a JSON array. */
export function printRuns<Item extends Run>(
  page: Page<Item>,
  json: boolean | undefined,
  describe: (run: Item) => string,
) {
  if (json) return terminal.data(JSON.stringify(page.results, null, 2));
  const rows = page.results.map((run) => [
    run.id,
    run.status,
    formatAge(Date.parse(run.created_at), Date.now()),
    run.metrics.predict_time === undefined ? "" : formatDuration(run.metrics.predict_time),
    describe(run),
  ]);
  terminal.data(formatTable([["ID", "STATUS", "MADE", "TOOK", "MODEL"], ...rows]));
  if (page.next !== null) terminal.words(`These are the newest ${page.results.length}.`);
}

/** Prints one run, with the facts that only its kind has. As JSON it is what Replicate's API has, and no more. */
export async function printRun(
  client: Client,
  run: Run,
  json: boolean | undefined,
  facts: [string, string][],
): Promise<void> {
  if (json) {
    terminal.data(JSON.stringify(run, null, 2));
    return;
  }
  const took = run.metrics.predict_time;
  const rows: [string, string][] = [
    ["id", run.id],
    ["status", run.status],
    ...facts,
    ["made", run.created_at],
    ["took", took === undefined ? "" : formatDuration(took)],
    ["error", run.error ?? ""],
    ["code", run.status === "failed" ? await findCode(client, run.id) : ""],
    ["page", run.urls.web],
    ...Object.entries(run.input).map(([name, value]): [string, string] => [
      `input ${name}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  ];
  terminal.data(formatTable(rows.filter(([, value]) => value !== "")));
}

/** What a run that has failed did so with: its events end with it. */
async function findCode(client: Client, id: string): Promise<string> {
  for await (const event of client.runs.events(id, { after: Number.MAX_SAFE_INTEGER }))
    if (event.type === "done") return event.data.code ?? "";
  return "";
}

/** Prints the whole log as it comes. */
export async function printLog(client: Client, run: Run): Promise<void> {
  if (run.logs === "") {
    terminal.words(isTerminal(run.status) ? "Its log is empty." : "Nothing is in its log yet.");
    return;
  }
  const { body } = await client.runs.log(run.id);
  if (body !== null) await pipeline(Readable.fromWeb(body), process.stdout, { end: false });
}

/** Deletes a run that has ended, and says what that frees. */
export async function deleteRun(client: Client, id: string): Promise<void> {
  const freed = await client.runs.delete(readRunId(id));
  terminal.words(`${terminal.paint.green("✓")} What ${id} was given and has made is gone. ${formatFreed(freed)}`);
}

/** A run that a model process has in hand ends a moment after the wish. */
export function sayCanceled(run: Run, json: boolean | undefined): void {
  if (json) terminal.data(JSON.stringify(run, null, 2));
  else if (run.status === "canceled") terminal.words(`${terminal.paint.green("✓")} ${run.id} is canceled.`);
  else if (isTerminal(run.status)) terminal.words(`${run.id} had ended already: ${run.status}.`);
  else terminal.words(`${run.id} will end in a moment.`);
}
