import { Machine, Model } from "@easel/contract";
import { expect, test } from "vitest";
import { insertVersion } from "../models/versions.ts";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld } from "../testing/world.ts";

test("the machine tells its devices, its queue, and what the account keeps", async () => {
  const { call, app, token } = await makeWorld();
  const before = await read(call("GET", "/v1/machine"), Machine);
  expect(before.devices).toMatchObject([{ kind: "cpu" }]);
  expect(before.queue).toEqual({ waiting: 0, running: 0 });
  expect(before.storage).toMatchObject({ files_bytes: 0, weights_bytes: 0 });

  const form = new FormData();
  form.append("content", new Blob([new Uint8Array(1000)]), "a.bin");
  await app.request("/v1/files", { method: "POST", body: form, headers: { Authorization: `Bearer ${token}` } });
  await read(call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" }), Model);
  await call("POST", "/v1/models/easel/echo/predictions", { input: {} });

  const after = await read(call("GET", "/v1/machine"), Machine);
  expect(after.storage.files_bytes).toBe(1000);
  expect(after.queue.waiting).toBe(1);
});

test("weights that were deleted count no more", async () => {
  const { call, context } = await makeWorld();
  await read(call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" }), Model);
  const echo = await context.db.selectFrom("versions").selectAll().where("id", "=", ECHO.versionId).executeTakeFirst();
  const row = await context.db.selectFrom("models").select("id").where("name", "=", "toy").executeTakeFirst();
  if (echo === undefined || row === undefined) throw new Error("The world lacks its models.");
  const id = "ab".repeat(32);
  const weights = { weights_sha256: "cd".repeat(32), weights_size: 7 };
  await insertVersion(context.db, { ...echo, ...weights, id, model_id: row.id });
  expect((await read(call("GET", "/v1/machine"), Machine)).storage.weights_bytes).toBe(7);
  expect((await call("DELETE", `/v1/models/you/toy/versions/${id}`)).status).toBe(204);
  expect((await read(call("GET", "/v1/machine"), Machine)).storage.weights_bytes).toBe(0);
});
