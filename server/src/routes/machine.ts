/** `/v1/machine`: what computes here, what waits for it, and what the account keeps on its disk. */
import { statfs } from "node:fs/promises";
import type { Machine } from "@easel/contract";
import { Hono } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { sumFiles } from "../files/store.ts";
import { sumWeights } from "../models/versions.ts";
import type { Device } from "../processes/devices.ts";
import { countRuns } from "../runs/store.ts";

export function machine(context: Context, devices: Device[]): Hono<Env> {
  const { db, config } = context;
  const app = new Hono<Env>();

  app.get("/machine", async (c) => {
    const account = c.get("account");
    const [counts, files, weights, disk] = await Promise.all([
      countRuns(db),
      sumFiles(db, account),
      sumWeights(db, account),
      statfs(config.dataFolder),
    ]);
    const count = (wanted: string) =>
      counts.filter(({ status }) => status === wanted).reduce((sum, row) => sum + row.count, 0);
    return c.json({
      devices: devices.map(({ name, kind, label, memoryBytes }) => ({ name, kind, label, memory_bytes: memoryBytes })),
      queue: { waiting: count("starting"), running: count("processing") },
      storage: { free_bytes: disk.bavail * disk.bsize, files_bytes: files, weights_bytes: weights },
    } satisfies Machine);
  });

  return app;
}
