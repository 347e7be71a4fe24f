import { expect, test } from "vitest";
import { ECHO, makeWorld } from "../testing/world.ts";

test("there are no metrics until they are asked for, and then for the operator's tokens alone", async () => {
  expect((await (await makeWorld()).call("GET", "/metrics")).status).toBe(404);
  const { app, call, otherToken } = await makeWorld({ EASEL_METRICS: "on" });
  expect((await app.request("/metrics")).status).toBe(401);
  expect((await call("GET", "/metrics", undefined, { Authorization: `Bearer ${otherToken}` })).status).toBe(403);
  expect((await call("GET", "/metrics")).status).toBe(200);
});

test("requests are counted by route, runs by status, and no name of anybody's is told", async () => {
  const { call } = await makeWorld({ EASEL_METRICS: "on" });
  await call("POST", "/v1/predictions", { version: ECHO.versionId, input: { text: "canary" } });
  await call("GET", "/v1/v1/predictions/canary");
  await call("GET", "/canary");
  const reply = await call("GET", "/metrics");
  expect(reply.headers.get("content-type")).toContain("version=0.0.4");
  const text = await reply.text();
  expect(text).toContain('easel_http_requests_total{method="POST",route="/v1/predictions",status="201"} 1');
  expect(text).toContain('easel_http_requests_total{method="GET",route="/v1/predictions/:id",status="404"} 1');
  expect(text).toContain('easel_runs{kind="prediction",status="starting"} 1');
  expect(text).toMatch(/^easel_queue_wait_seconds \d/m);
  expect(text).toMatch(/^easel_data_free_bytes [1-9]/m);
  expect(text).not.toContain("canary");
});
