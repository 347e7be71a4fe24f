/** Lists of runs, asked for anew while one of them is under way. */
import { isTerminal, type Page, type Prediction, type Training } from "@easel/contract";
import { queryOptions } from "@tanstack/react-query";
import { client } from "./client.ts";

/** How often a list is asked for while something in it moves, and while nothing does. */
const BUSY_MS = 3000;
const IDLE_MS = 30_000;

export const trainingsQuery = queryOptions({
  queryKey: ["trainings"],
  queryFn: ({ signal }) => client.trainings.list({ signal }),
  refetchInterval: ({ state }) => pace(state.data),
});

export const predictionsQuery = queryOptions({
  queryKey: ["predictions"],
  queryFn: ({ signal }) => client.predictions.list({ signal }),
  refetchInterval: ({ state }) => pace(state.data),
});

function pace(page: Page<Training | Prediction> | undefined): number {
  return page?.results.some((run) => !isTerminal(run.status)) ? BUSY_MS : IDLE_MS;
}

/** The pictures among a prediction's outputs, as URLs. */
export function picturesOf(run: Prediction): string[] {
  const output = Array.isArray(run.output) ? run.output : [run.output];
  return output.filter((item) => typeof item === "string").filter((url) => /\.(png|jpe?g|webp)(\?|$)/.test(url));
}

/** `owner/name` as the parameters of a link to the model. */
export function namesOf(model: string): { owner: string; name: string } {
  const [owner = "", name = ""] = model.split("/");
  return { owner, name };
}
