import { Machine, Model } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { makeWorld } from "../testing/world.ts";

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
