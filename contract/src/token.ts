/** API tokens as their owner sees them, and accounts as whoever runs the server makes them. */
import { z } from "zod";
import { pageOf } from "./page.ts";
import { Name } from "./reference.ts";

/** A `read` token changes nothing: it may look at all that its account may see, but for secrets. */
export const TokenAccess = z.enum(["read", "write"]);
export type TokenAccess = z.infer<typeof TokenAccess>;

/** `start` is the token's first characters. `last_used_at` may be a minute old. */
export const Token = z.object({
  id: z.string(),
  name: z.string(),
  access: TokenAccess,
  start: z.string(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable(),
});
export type Token = z.infer<typeof Token>;

export const TokenPage = pageOf(Token);
export type TokenPage = z.infer<typeof TokenPage>;

/** The reply to a create, the only one that holds the token itself. */
export const NewToken = Token.extend({ token: z.string() });
export type NewToken = z.infer<typeof NewToken>;

/** The body of `POST /v1/tokens`. `account` is for whoever runs the server; others make tokens of their own. */
export const CreateToken = z.strictObject({
  name: z.string().trim().min(1).max(100),
  access: TokenAccess.default("write"),
  expires_at: z.iso.datetime().nullish(),
  account: Name.optional(),
});
export type CreateToken = z.input<typeof CreateToken>;

/** The body of `POST /v1/accounts`. */
export const CreateAccount = z.strictObject({ name: Name });
export type CreateAccount = z.infer<typeof CreateAccount>;

/** An account with its first token. */
export const NewAccount = z.object({ username: z.string(), token: NewToken });
export type NewAccount = z.infer<typeof NewAccount>;

export const AccountList = z.array(z.object({ username: z.string(), created_at: z.iso.datetime() }));
export type AccountList = z.infer<typeof AccountList>;
