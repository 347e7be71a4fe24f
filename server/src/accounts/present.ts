/** API tokens as their owner sees them: never the token itself. */
import type { Token } from "@easel/contract";
import type { TokenRow } from "./store.ts";

export function presentToken(row: TokenRow): Token {
  const { id, name, access, start, created_at, expires_at, last_used_at } = row;
  return { id, name, access, start, created_at, expires_at, last_used_at };
}
