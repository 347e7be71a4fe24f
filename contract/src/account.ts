/** Who owns models and runs. */
import { z } from "zod";

export const Account = z.object({
  type: z.enum(["user", "organization"]),
  username: z.string(),
  name: z.string(),
  github_url: z.string().nullable().default(null),
  avatar_url: z.string().nullable().default(null),
});
export type Account = z.infer<typeof Account>;
/** An account as it is sent: what it does not have is left out. */
export type SentAccount = z.input<typeof Account>;

/** The body of `POST /v1/session`, which answers with the account and a cookie that stands for the token. */
export const SignIn = z.object({ token: z.string().min(1).max(200) });
export type SignIn = z.infer<typeof SignIn>;
