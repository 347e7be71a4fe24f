/**
 * The link that opens one run's page, `/p/{id}?expires=…&signature=…`, as a key to the API: the page sends the link's
 * query as `Authorization: RunLink expires=…&signature=…`. It reads that run and nothing else.
 */
import { RunId } from "@easel/contract";
import type { Context as Request } from "hono";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";
import { verifyPath } from "./files/sign.ts";
import { findRun, type RunRow } from "./runs/store.ts";

const READABLE = /^(?:\/v1)+\/(?:predictions|trainings|runs)\/([^/]+)(?:\/(?:events|logs|artifacts))?$/;

/** The run that a GET's link opens; undefined where there is no such link, or it is not for this path. */
export async function findLinkedRun(context: Context, c: Request<Env>): Promise<RunRow | undefined> {
  const query = /^RunLink\s+(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const id = RunId.safeParse(READABLE.exec(c.req.path)?.[1]);
  if (query === undefined || !id.success || c.req.method !== "GET") return undefined;
  if (!opensRun(context, id.data, new URLSearchParams(query))) return undefined;
  return findRun(context.db, id.data);
}

export function opensRun(context: Context, runId: string, query: URLSearchParams): boolean {
  return verifyPath(context.signingKey, `/p/${runId}`, query, context.now());
}
