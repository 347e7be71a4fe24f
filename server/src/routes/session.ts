/** `/v1/session`: a browser signs in with an API token, and out. */
import { type SentAccount, SignIn } from "@easel/contract";
import { Hono } from "hono";
import { findGiven } from "../auth.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { HttpError } from "../errors.ts";
import { sha256Hex } from "../ids.ts";
import { endSession, requireOwnPage, writeSession } from "../session.ts";
import { presentAccount } from "./account.ts";
import { readJson } from "./body.ts";

export function session(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.post("/session", async (c) => {
    requireOwnPage(context, c);
    const { body } = await readJson(c, SignIn);
    const principal = await findGiven(context, c, sha256Hex(body.token.trim()));
    if (principal === undefined) {
      throw new HttpError(
        401,
        "That token is not known here. Take the one that the server printed at its first start; it is kept in its data folder, in the file named token.",
        { title: "Not signed in" },
      );
    }
    writeSession(context, c, principal.tokenHash);
    return c.json(presentAccount(principal.account) satisfies SentAccount, 201);
  });

  app.delete("/session", (c) => {
    requireOwnPage(context, c);
    endSession(context, c);
    return c.body(null, 204);
  });

  return app;
}
