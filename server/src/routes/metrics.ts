/** `/metrics` in Prometheus' text format, off until it is asked for, and what it counts of the requests. */
import { statfs } from "node:fs/promises";
import type { MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { routePath } from "hono/route";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { authenticate, requireOperator } from "../auth.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { listLivingProcesses } from "../processes/store.ts";
import { findOldestWaitingAt } from "../runs/queue.ts";
import { countRuns } from "../runs/store.ts";
import { countWaitingDeliveries } from "../webhooks/store.ts";

/** From a row's read to a `Prefer: wait`. */
const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** `measure` goes before all routes; `routes` is the page itself, for the operator's tokens. */
export function metrics(context: Context): { measure: MiddlewareHandler<Env>; routes: Hono<Env> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerState(context, registry);
  const routes = new Hono<Env>().use("/metrics", authenticate(context));
  routes.get("/metrics", async (c) => {
    requireOperator(context, c);
    return c.text(await registry.metrics(), 200, { "Content-Type": registry.contentType });
  });
  return { measure: measureRequests(registry), routes };
}

/** By the route and never by the path, which anyone could make up without end. */
function measureRequests(registry: Registry): MiddlewareHandler<Env> {
  const registers = [registry];
  const labelNames = ["method", "route", "status"] as const;
  const total = new Counter({ name: "easel_http_requests_total", help: "Requests answered.", labelNames, registers });
  const seconds = new Histogram({
    name: "easel_http_request_seconds",
    help: "Time until a reply began.",
    labelNames: ["method", "route"],
    buckets: SECONDS,
    registers,
  });
  return async (c, next) => {
    const started = performance.now();
    await next();
    const labels = { method: c.req.method, route: routePath(c, -1).replace("/v1/v1/", "/v1/") };
    total.inc({ ...labels, status: c.res.status });
    seconds.observe(labels, (performance.now() - started) / 1000);
  };
}

/** What the database and the disk say at the moment of asking. */
function registerState({ db, config, now }: Context, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: "easel_runs",
    help: "Runs by kind and status; starting is the queue.",
    labelNames: ["kind", "status"],
    registers,
    async collect() {
      this.reset();
      for (const { kind, status, count } of await countRuns(db)) this.set({ kind, status }, count);
    },
  });
  new Gauge({
    name: "easel_queue_wait_seconds",
    help: "How long the oldest run has waited; 0 while none does.",
    registers,
    async collect() {
      const oldest = await findOldestWaitingAt(db);
      this.set(oldest === undefined ? 0 : Math.max(0, now() - Date.parse(oldest)) / 1000);
    },
  });
  new Gauge({
    name: "easel_model_processes",
    help: "Living model processes.",
    labelNames: ["program", "device"],
    registers,
    async collect() {
      this.reset();
      for (const { program, device } of await listLivingProcesses(db)) this.inc({ program, device });
    },
  });
  new Gauge({
    name: "easel_webhooks_waiting",
    help: "Webhook messages that are to be sent, or sent again.",
    registers,
    async collect() {
      this.set(await countWaitingDeliveries(db));
    },
  });
  new Gauge({
    name: "easel_data_free_bytes",
    help: "Room left on the disk of the data folder.",
    registers,
    async collect() {
      const { bavail, bsize } = await statfs(config.dataFolder);
      this.set(bavail * bsize);
    },
  });
}
