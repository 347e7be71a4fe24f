/** `/v1/account` and `/v1/hardware`: who is calling, and what there is to run on. */
import type { Hardware, SentAccount } from "@easel/contract";
import { Hono } from "hono";
import type { Env } from "../env.ts";
import type { Device } from "../processes/devices.ts";

/** Scripts written for Replicate name these; a run goes to a device that its base needs, whatever they say. */
const ALIASES: Hardware[] = [
  { name: "Nvidia T4 GPU", sku: "gpu-t4" },
  { name: "Nvidia L40S GPU", sku: "gpu-l40s" },
  { name: "Nvidia A100 (80GB) GPU", sku: "gpu-a100-large" },
  { name: "Nvidia H100 GPU", sku: "gpu-h100" },
];

export function account(devices: Device[]): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/account", (c) => c.json(presentAccount(c.get("account"))));

  app.get("/hardware", (c) => {
    const own = devices.map(
      (device): Hardware => ({ name: device.label, sku: device.kind === "cpu" ? "cpu" : `gpu-${device.name}` }),
    );
    return c.json([...own, ...ALIASES] satisfies Hardware[]);
  });

  return app;
}

export function presentAccount(username: string): SentAccount {
  return { type: "user", username, name: username };
}
