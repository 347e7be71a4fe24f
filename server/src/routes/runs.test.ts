import { Artifact, Prediction, pageOf } from "@easel/contract";
import { expect, test } from "vitest";
import { insertServerLog } from "../runs/events.ts";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho } from "../testing/training.ts";
import { ECHO, makeWorld } from "../testing/world.ts";

test("a log goes on from as many bytes as its reader has", async () => {
  const world = await makeWorld();
  const { id } = await read(world.call("POST", "/v1/predictions", { version: ECHO.versionId, input: {} }), Prediction);
  for (const text of ["one", "zwölf", "three\nfour"]) {
    await insertServerLog(world.context.db, id, text, new Date().toISOString());
  }
  const log = async (from: string) => (await world.call("GET", `/v1/runs/${id}/logs${from}`)).text();
  const whole = await log("");
  expect(whole).toBe("one\nzwölf\nthree\nfour\n");
  const bytes = Buffer.from(whole);
  for (let from = 0; from <= bytes.length; from++) {
    const reply = await world.call("GET", `/v1/runs/${id}/logs?from=${from}`);
    expect(Buffer.from(await reply.arrayBuffer())).toEqual(bytes.subarray(from));
  }
  expect(await log("?from=999")).toBe("");
  expect((await world.call("GET", `/v1/runs/${id}/logs?from=-1`)).status).toBe(400);
});

test("a training's artifacts are all files that it made, each with a link that needs no token", async () => {
  const world = await makeWorld({}, { processes: true });
  const { id } = await endedTraining(world, await trainEcho(world, { steps: 2, sample_every: 1 }));
  const { results } = await read(world.call("GET", `/v1/runs/${id}/artifacts`), pageOf(Artifact));
  const of = (type: string) => results.filter((one) => one.type === type).map(({ file }) => file.name);
  expect(of("sample")).toEqual(["sample-1.png", "sample-2.png"]);
  expect(of("snapshot")).toEqual(["snapshot-1.tar", "snapshot-2.tar"]);
  expect(of("artifact")).toContain("model_card.json");
  expect(of("output")).toEqual(["trained_model.tar"]);
  const [sample] = results;
  expect((await world.app.request(sample?.file.url ?? "")).headers.get("content-type")).toBe("image/png");
});
