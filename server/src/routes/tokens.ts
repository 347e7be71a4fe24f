/** `/v1/tokens`, one's own API tokens, and `/v1/accounts` for whoever runs the server. */
import { type AccountList, CreateAccount, CreateToken, type NewAccount, type NewToken } from "@easel/contract";
import { Hono } from "hono";
import { createAccount } from "../accounts/create.ts";
import { presentToken } from "../accounts/present.ts";
import { findAccount, listAccounts, listTokens, updateTokenRevoked } from "../accounts/store.ts";
import { issueToken, TOKENS_TOPIC } from "../accounts/tokens.ts";
import { requireOperator } from "../auth.ts";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";
import { readJson } from "./body.ts";
import { PAGE_SIZE, presentPage, readCursor } from "./page.ts";

export function tokens(context: Context): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.get("/tokens", async (c) => {
    const rows = await listTokens(db, { account: c.get("account"), before: readCursor(c), limit: PAGE_SIZE + 1 });
    return c.json(await presentPage(context, c, rows, presentToken));
  });

  app.post("/tokens", async (c) => {
    const { body } = await readJson(c, CreateToken);
    const { name, access, expires_at = null, account = c.get("account") } = body;
    if (account !== c.get("account")) {
      requireOperator(context, c);
      if ((await findAccount(db, account)) === undefined) {
        throw notFound(`There is no account ${account}. Make it with \`easel account create ${account}\`.`);
      }
    }
    const expiresAt = expires_at === null ? null : new Date(expires_at).toISOString();
    const { row, token } = await issueToken(context, { account, name, access, expiresAt });
    return c.json({ ...presentToken(row), token } satisfies NewToken, 201);
  });

  app.delete("/tokens/:id", async (c) => {
    if (!(await updateTokenRevoked(db, c.get("account"), c.req.param("id"), timestamp(context)))) throw notFound();
    context.watch.poke(TOKENS_TOPIC);
    return c.body(null, 204);
  });

  app.get("/accounts", async (c) => {
    requireOperator(context, c);
    const accounts = await listAccounts(db);
    return c.json(accounts.map(({ name, created_at }) => ({ username: name, created_at })) satisfies AccountList);
  });

  app.post("/accounts", async (c) => {
    requireOperator(context, c);
    const { body } = await readJson(c, CreateAccount);
    const { row, token } = await createAccount(context, body.name);
    return c.json({ username: body.name, token: { ...presentToken(row), token } } satisfies NewAccount, 201);
  });

  return app;
}
