/** `/v1/webhooks`: the secret that signs them, and what became of each message about one's own runs. */
import type { WebhookSecret } from "@easel/contract";
import { Hono } from "hono";
import { requireWrite } from "../auth.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";
import { presentDelivery } from "../webhooks/present.ts";
import { resendDelivery } from "../webhooks/resend.ts";
import { ensureWebhookSecret, rotateWebhookSecret } from "../webhooks/sign.ts";
import { findOwnDelivery, listOwnDeliveries } from "../webhooks/store.ts";
import { PAGE_SIZE, presentPage, readCursor } from "./page.ts";

export function webhooks(context: Context): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.get("/webhooks/default/secret", async (c) => {
    // Who has it can sign messages.
    requireWrite(c);
    const reply: WebhookSecret = { key: await ensureWebhookSecret(db, c.get("account")) };
    return c.json(reply);
  });

  app.post("/webhooks/default/secret", async (c) => {
    const reply: WebhookSecret = { key: await rotateWebhookSecret(db, c.get("account"), context.now()) };
    return c.json(reply);
  });

  app.get("/webhooks/deliveries", async (c) => {
    const filter = { account: c.get("account"), before: readCursor(c), limit: PAGE_SIZE + 1 };
    return c.json(await presentPage(context, c, await listOwnDeliveries(db, filter), presentDelivery));
  });

  app.get("/webhooks/deliveries/:id", async (c) => {
    const row = await findOwnDelivery(db, c.get("account"), c.req.param("id"));
    if (row === undefined) throw notFound();
    return c.json(presentDelivery(row));
  });

  app.post("/webhooks/deliveries/:id/resend", async (c) => {
    const row = await resendDelivery(context, c.get("account"), c.req.param("id"));
    if (row === undefined) throw notFound();
    return c.json(presentDelivery(row));
  });

  return app;
}
