/** `/v1/bases`: what a fine-tune can start from on this machine. */
import { Hono } from "hono";
import { requireOperator } from "../auth.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { listBases, registerBases } from "../models/base-models.ts";

export function bases(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/bases", (c) => c.json({ results: listBases(context.config) }));

  // `easel base` has written to the data folder: what it added becomes a model without a restart.
  app.post("/bases", async (c) => {
    requireOperator(context, c);
    await registerBases(context);
    return c.json({ results: listBases(context.config) });
  });

  return app;
}
