/** Who owns models and runs. */
import { z } from "zod";

export const Account = z.object({
  type: z.enum(["user", "organization"]),
  username: z.string(),
  name: z.string(),
  github_url: z.string().nullable(),
  avatar_url: z.string().nullable(),
});
export type Account = z.infer<typeof Account>;
