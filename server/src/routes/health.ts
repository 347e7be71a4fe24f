/** Whether the server lives, and whether it can take work. Open to everyone; tells nothing else. */
import { statfs } from "node:fs/promises";
import { Hono } from "hono";
import type { Context } from "../context.ts";
import { isDbAlive } from "../db.ts";
import type { Env } from "../env.ts";

/** Less room than one upload or one training state may need: what is taken now might not be kept. */
const FREE_BYTES_MIN = 100_000_000;

export function health(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/health/live", (c) => c.json({ status: "ok" }));

  app.get("/health/ready", async (c) => {
    if (context.stopping.aborted) return c.json({ status: "stopping" }, 503);
    if (!(await isDbAlive(context.db))) return c.json({ status: "database" }, 503);
    if (!(await hasRoom(context.config.dataFolder))) return c.json({ status: "disk" }, 503);
    return c.json({ status: "ok" });
  });

  return app;
}

async function hasRoom(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= FREE_BYTES_MIN;
}
