/** The pages of a list, newest first: cursors in, the envelope with absolute links out. */
import type { Page } from "@easel/contract";
import type { Context as Request } from "hono";
import type { Context } from "../context.ts";
import type { Cursor } from "../db.ts";
import type { Env } from "../env.ts";
import { badRequest } from "../errors.ts";

export const PAGE_SIZE = 100;

/** The cursor in a request's query, if there is one. Throws 400 for one that we did not make. */
export function readCursor(c: Request<Env>): Cursor | undefined {
  const text = c.req.query("cursor");
  if (text === undefined || text === "") return undefined;
  const [createdAt, id] = Buffer.from(text, "base64url").toString().split(" ");
  if (!createdAt || !id)
    throw badRequest("That cursor is not one of ours. Follow next as it was given, or leave cursor out.");
  return { createdAt, id };
}

/**
 * `rows` are the page's rows and, where the list goes on, one more: ask the store for `PAGE_SIZE + 1`. A list that is not
 * sorted by `created_at` has a `sorted_at`. The links keep the rest of the query, such as what is filtered.
 * There is no way back but the first page, so `previous` is that, or null on it.
 */
export async function presentPage<Row extends { created_at: string; sorted_at?: string; id: string }, Item>(
  context: Context,
  c: Request<Env>,
  rows: Row[],
  present: (row: Row) => Item | Promise<Item>,
): Promise<Page<Item>> {
  const shown = rows.slice(0, PAGE_SIZE);
  const last = rows.length > PAGE_SIZE ? shown.at(-1) : undefined;
  const linkTo = (cursor: string | undefined) => {
    const url = new URL(c.req.path, originOf(context, c));
    url.search = new URL(c.req.url).search;
    if (cursor === undefined) url.searchParams.delete("cursor");
    else url.searchParams.set("cursor", cursor);
    return url.href;
  };
  return {
    previous: c.req.query("cursor") === undefined ? null : linkTo(undefined),
    next: last === undefined ? null : linkTo(encodeCursor(last)),
    results: await Promise.all(shown.map(present)),
  };
}

function encodeCursor(row: { created_at: string; sorted_at?: string; id: string }): string {
  return Buffer.from(`${row.sorted_at ?? row.created_at} ${row.id}`).toString("base64url");
}

/** What absolute URLs begin with: the address that the operator names, else the one the request was sent to. */
export function originOf(context: Context, c: Request<Env>): string {
  return context.config.publicUrl ?? new URL(c.req.url).origin;
}
