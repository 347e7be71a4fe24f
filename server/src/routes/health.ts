/** Whether the server lives, and whether it can take work. Open to everyone; tells nothing else. */
import { Hono } from "hono";
import type { Context } from "../context.ts";
import { isDbAlive } from "../db.ts";
import type { Env } from "../env.ts";

export function health(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/health/live", (c) => c.json({ status: "ok" }));

  app.get("/health/ready", async (c) => {
    if (context.stopping.aborted) return c.json({ status: "stopping" }, 503);
    if (!(await isDbAlive(context.db))) return c.json({ status: "database" }, 503);
    return c.json({ status: "ok" });
  });

  return app;
}
