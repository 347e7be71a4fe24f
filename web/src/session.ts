/** Who is signed in. The session itself is a cookie that no script can read. */
import { ApiError } from "@easel/contract";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { client, queries } from "./client.ts";

/** The account, or null for nobody. */
export const accountQuery = queryOptions({
  queryKey: ["account"],
  queryFn: async ({ signal }) => {
    try {
      return await client.account.get(signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** The name of the account that is signed in; empty before that is known, and for nobody. */
export function useAccountName(): string {
  return useQuery(accountQuery).data?.username ?? "";
}

export function useSignIn() {
  return useMutation({
    mutationFn: (token: string) => client.session.create({ token }),
    onSuccess: (account) => queries.setQueryData(accountQuery.queryKey, account),
  });
}

export async function signOut(): Promise<void> {
  await client.session.delete();
  queries.clear();
  window.location.assign("/");
}
