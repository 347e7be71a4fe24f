/** Creates that are equal, over real sockets: side by side they are as many runs, sent again after a break they are one. */
import { request } from "node:http";
import type { Server } from "node:net";
import { Prediction, PredictionPage } from "@easel/contract";
import { serve } from "@hono/node-server";
import { expect, onTestFinished, test, vi } from "vitest";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";

const BODY = JSON.stringify({ version: ECHO.versionId, input: { text: "once" } });

async function listen({ app }: World): Promise<{ server: Server; url: string }> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
      resolve({ server: server as Server, url: `http://127.0.0.1:${port}/v1/predictions` }),
    );
    onTestFinished(() => {
      server.close();
    });
  });
}

const headersOf = (world: World, wait: string) => ({
  Authorization: `Bearer ${world.token}`,
  "Content-Type": "application/json",
  Prefer: wait,
});

async function create(world: World, url: string, wait: string): Promise<string> {
  return (await read(fetch(url, { method: "POST", headers: headersOf(world, wait), body: BODY }), Prediction)).id;
}

async function listIds(world: World): Promise<string[]> {
  return (await read(world.call("GET", "/v1/predictions"), PredictionPage)).results.map(({ id }) => id);
}

test("equal creates that wait side by side are as many runs", async () => {
  const world = await makeWorld();
  const { url } = await listen(world);
  const ids = await Promise.all(Array.from({ length: 4 }, () => create(world, url, "wait=1")));
  expect(new Set(ids).size).toBe(4);
  expect(await create(world, url, "wait=1")).not.toBe(ids[3]);
});

test("a create whose connection broke while it waited is one run with each of its repetitions", async () => {
  const world = await makeWorld();
  const { server, url } = await listen(world);
  for (let tries = 0; tries < 2; tries++) {
    const broken = request(url, { method: "POST", headers: headersOf(world, "wait=60"), agent: false });
    broken.on("error", () => {});
    broken.end(BODY);
    await vi.waitFor(async () => expect(await listIds(world)).toHaveLength(1));
    await vi.waitFor(async () => expect(await countConnections(server)).toBe(1));
    broken.destroy();
    await vi.waitFor(async () => expect(await countConnections(server)).toBe(0));
  }
  const [first] = await listIds(world);
  const ids = await Promise.all([create(world, url, "wait=1"), create(world, url, "wait=1")]);
  expect(ids).toContain(first);
  expect(new Set(ids).size).toBe(2);
});

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
