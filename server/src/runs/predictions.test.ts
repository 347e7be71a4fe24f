import { Prediction, PredictionPage, Problem } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld } from "../testing/world.ts";

test("a prediction that is waited for comes back ended, its picture as a data URI", async () => {
  const world = await makeWorld({}, { processes: true });
  const body = { version: ECHO.versionId, input: { text: "hi" } };
  const reply = await world.call("POST", "/v1/predictions", body, { Prefer: "wait=20" });
  const prediction = await read(reply, Prediction);
  expect(prediction).toMatchObject({ status: "succeeded", error: null, logs: "echo: hi\n" });
  expect(reply.status).toBe(201);
  expect(prediction.output).toEqual([expect.stringMatching(/^data:image\/png;base64,/)]);
});

test("an input that is too long for the line to its process is refused, and is no run", async () => {
  const world = await makeWorld();
  const reply = await world.call("POST", "/v1/predictions", {
    version: ECHO.versionId,
    input: { text: "a".repeat(900_001) },
  });
  expect(reply.status).toBe(413);
  expect((await read(reply, Problem)).detail).toContain("900kB is the most");
  expect((await read(world.call("GET", "/v1/predictions"), PredictionPage)).results).toEqual([]);
});
