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
 * `rows` are the page's rows and, where the list goes on, one more: ask the store for `PAGE_SIZE + 1`.
 * There is no way back but the first page, so `previous` is that, or null on it.
 */
export function presentPage<Row extends { created_at: string; id: string }, Item>(
  context: Context,
  c: Request<Env>,
  rows: Row[],
  present: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, PAGE_SIZE);
  const last = rows.length > PAGE_SIZE ? shown.at(-1) : undefined;
  const path = `${originOf(context, c)}${c.req.path}`;
  const cursor = last && Buffer.from(`${last.created_at} ${last.id}`).toString("base64url");
  return {
    previous: c.req.query("cursor") === undefined ? null : path,
    next: cursor === undefined ? null : `${path}?cursor=${cursor}`,
    results: shown.map(present),
  };
}

/** What absolute URLs begin with: the address that the operator names, else the one the request was sent to. */
export function originOf(context: Context, c: Request<Env>): string {
  return context.config.publicUrl ?? new URL(c.req.url).origin;
}
