/** The one way to the server: the contract's client, with the page's session, or with the link that opened the page. */
import { ApiError, createClient } from "@easel/contract";
import { QueryClient } from "@tanstack/react-query";

/** What `/p/{id}` was opened with, for those who have no session: it reads that run and nothing else. */
const { pathname, search } = window.location;
const openedBy = pathname.startsWith("/p/") && search.includes("signature=") ? search.slice(1) : undefined;

export const client = createClient({ baseUrl: window.location.origin });
export const linkClient =
  openedBy === undefined ? undefined : createClient({ baseUrl: window.location.origin, runLink: openedBy });

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      // A refusal stays one; a server that is being restarted comes back.
      retry: (count, error) => !(error instanceof ApiError && error.status < 500) && count < 4,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

/** A URL of a reply as a path: the server may be known by another name than the one this page was opened under. */
export function localPath(url: string): string {
  const { pathname: path, search: query } = new URL(url, window.location.origin);
  return path + query;
}
