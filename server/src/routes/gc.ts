/** `/v1/gc`: frees the space of what nothing needs any more. */
import { CollectGarbage } from "@easel/contract";
import { Hono } from "hono";
import { requireOperator } from "../auth.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { collectGarbage } from "../space/gc.ts";
import { readJson } from "./body.ts";

export function gc(context: Context): Hono<Env> {
  const app = new Hono<Env>();
  let going: Promise<unknown> = Promise.resolve();

  app.post("/gc", async (c) => {
    requireOperator(context, c);
    const { body } = await readJson(c, CollectGarbage);
    // One at a time: two would count the same bytes.
    const report = going.then(() => collectGarbage(context, body.dry_run));
    going = report.catch(() => undefined);
    return c.json(await report);
  });

  return app;
}
