/** The models that this account can see, its own and the public ones: all of them, or one. */
import type { Model } from "@easel/contract";
import { queryOptions } from "@tanstack/react-query";
import { client } from "./client.ts";

/** Pages of a hundred: more than a person looks through. */
const PAGES_MAX = 5;

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async ({ signal }) => {
    const models: Model[] = [];
    let next: string | undefined;
    for (let count = 0; count < PAGES_MAX; count++) {
      const page = await client.models.list({ next, signal });
      models.push(...page.results);
      if (page.next === null) break;
      next = page.next;
    }
    return models;
  },
});

export const modelQuery = (owner: string, name: string) =>
  queryOptions({ queryKey: ["models", owner, name], queryFn: () => client.models.get(owner, name) });

/** What trainings can start from, and whether its files are on this machine. */
export const basesQuery = queryOptions({ queryKey: ["bases"], queryFn: () => client.bases.list() });
