import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArtifactPage, Model, ModelCard, Prediction, Problem, Version } from "@easel/contract";
import { expect, test } from "vitest";
import { z } from "zod";
import { read } from "../testing/read.ts";
import { endedTraining, trainEcho, untilEvent } from "../testing/training.ts";
import { makeWorld, type World } from "../testing/world.ts";
import { attemptFolder } from "./attempt-folder.ts";

const TOY = "/v1/models/you/toy";
/** Snapshots of steps 2, 4 and 6, the last of which is published. */
const THREE = { steps: 6, sample_every: 2 };

function publish(world: World, training: string, step: number): Promise<Response> {
  return world.call("POST", `/v1/runs/${training}/snapshots/${step}/publish`);
}

async function latestOf(world: World): Promise<string | undefined> {
  return (await read(world.call("GET", TOY), Model)).latest_version?.id;
}

async function countVersions(world: World): Promise<number> {
  return (await world.context.db.selectFrom("versions").selectAll().execute()).length;
}

/** What the model says: its word, the digest of its weights, and a text. */
async function echoOf(world: World): Promise<string> {
  const input = { format: "txt", text: "hi" };
  const reply = world.call("POST", `${TOY}/predictions`, { input }, { Prefer: "wait" });
  const { output } = await read(reply, Prediction.extend({ output: z.tuple([z.string()]) }));
  return Buffer.from(output[0].split(",")[1] ?? "", "base64").toString();
}

test("a snapshot becomes the model's newest version, with its own weights, and a card that says who chose it", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, THREE);
  const training = await endedTraining(world, id);
  const before = await echoOf(world);
  const reply = await publish(world, id, 4);
  expect(reply.status).toBe(201);
  const version = await read(reply, Version);
  expect(await latestOf(world)).toBe(version.id);
  const after = await echoOf(world);
  expect(after).toMatch(/^TOK [0-9a-f]{64} hi$/);
  expect(after).not.toBe(before);
  expect(version).not.toHaveProperty("openapi_schema.components.schemas.TrainingInput");

  const card = await read(world.call("GET", `${TOY}/versions/${version.id}/card`), ModelCard);
  expect(card).toMatchObject({
    steps: 4,
    chosen: { step: 4, by: "you", reason: "Chosen by you, of the snapshots of steps 2, 4, 6." },
    training: id,
    prompts: [{ prompt: "an echo of TOK", seed: 0 }],
  });
  const picture = await world.app.request(card.prompts[0]?.picture ?? "");
  expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/png"]);
  expect((await read(world.call("GET", TOY), Model)).cover_image_url).toBe(card.prompts[0]?.picture);
  const readme = await (await world.call("GET", `${TOY}/readme`)).text();
  expect(readme).toContain("These are the weights as of step 4. Chosen by you");

  const weights = async (query = "") =>
    Buffer.from(
      await (await world.call("GET", `${TOY}/versions/${version.id}/weights${query}`)).arrayBuffer(),
    ).toString();
  expect(await weights()).toContain('"steps": 4');
  expect(await weights("?step=2")).toContain('"steps": 2');
  expect((await endedTraining(world, id)).output).toEqual(training.output);
});

test("what is there of a step already is answered, however often and from how many sides it is asked for", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, THREE);
  const { output } = await endedTraining(world, id);
  const own = await publish(world, id, 6);
  expect([own.status, `you/toy:${(await read(own, Version)).id}`]).toEqual([200, output?.version]);
  const replies = await Promise.all([2, 2, 2].map((step) => publish(world, id, step)));
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
  const ids = await Promise.all(replies.map(async (reply) => (await read(reply, Version)).id));
  expect(new Set(ids).size).toBe(1);
  expect((await publish(world, id, 2)).status).toBe(200);
});

test("the artifacts say of each snapshot which version it is, for as long as that is there", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, THREE);
  await endedTraining(world, id);
  const own = (await read(publish(world, id, 6), Version)).id;
  const chosen = (await read(publish(world, id, 2), Version)).id;
  const versions = async () => {
    const { results } = await read(world.call("GET", `/v1/runs/${id}/artifacts`), ArtifactPage);
    return results.filter(({ type }) => type === "snapshot").map(({ version }) => version);
  };
  expect(await versions()).toEqual([chosen, undefined, own]);
  for (const version of [chosen, own]) await world.call("DELETE", `${TOY}/versions/${version}`);
  expect(await versions()).toEqual([undefined, undefined, undefined]);
});

test("a version of a snapshot that was deleted comes back as the newest", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, THREE);
  await endedTraining(world, id);
  const first = await read(publish(world, id, 2), Version);
  const second = await read(publish(world, id, 4), Version);
  expect((await world.call("DELETE", `${TOY}/versions/${first.id}`)).status).toBe(204);
  const again = await publish(world, id, 2);
  expect([again.status, (await read(again, Version)).id]).toEqual([201, first.id]);
  expect(await latestOf(world)).toBe(first.id);
  expect((await world.call("DELETE", `${TOY}/versions/${second.id}`)).status).toBe(204);
});

test("a snapshot of a training that failed can be had as a version too", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, { ...THREE, fail_at: 5 });
  expect((await endedTraining(world, id)).status).toBe("failed");
  expect((await publish(world, id, 4)).status).toBe(201);
  expect(await echoOf(world)).toMatch(/^TOK/);
});

test("what cannot be published is refused with a sentence, and nothing is made", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, THREE);
  await endedTraining(world, id);
  const running = await trainEcho(world, { steps: 1000, step_seconds: 0.05, sample_every: 1, seed: 1 });
  await untilEvent(world, running, "snapshot");
  const folder = attemptFolder(world.context, id, 1);
  await rm(join(folder, "snapshot-2.tar"));
  await writeFile(join(folder, "snapshot-4.tar"), "no tar");
  const before = await countVersions(world);
  const refusal = async (training: string, step: number | string) => {
    const reply = await world.call("POST", `/v1/runs/${training}/snapshots/${step}/publish`);
    return [reply.status, (await read(reply, Problem)).detail];
  };
  expect(await refusal(id, 3)).toEqual([404, "There is no snapshot of step 3. Choose of 2, 4, 6."]);
  expect(await refusal(id, 2)).toMatchObject([404, expect.stringContaining("step 2 is gone from this machine")]);
  expect(await refusal(id, 4)).toMatchObject([422, expect.stringContaining("The snapshot of step 4 cannot be used")]);
  expect(await refusal(id, "last")).toMatchObject([400, expect.stringContaining("such as 40")]);
  expect(await refusal(running, 1)).toMatchObject([422, expect.stringContaining("This training goes on")]);
  const stranger = { Authorization: `Bearer ${world.otherToken}` };
  const theirs = await world.call("POST", `/v1/runs/${id}/snapshots/6/publish`, undefined, stranger);
  expect(theirs.status).toBe(404);
  expect(await countVersions(world)).toBe(before);
});

test("a version of a snapshot outlives what its training had made, of which no other comes then", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, THREE);
  await endedTraining(world, id);
  const version = await read(publish(world, id, 2), Version);
  const before = await echoOf(world);
  expect((await world.call("DELETE", `/v1/runs/${id}`)).status).toBe(204);
  expect(await echoOf(world)).toBe(before);
  const card = await read(world.call("GET", `${TOY}/versions/${version.id}/card`), ModelCard);
  expect(card.prompts).toEqual([{ prompt: "an echo of TOK", seed: 0, picture: null }]);
  const again = await publish(world, id, 2);
  expect([again.status, (await read(again, Version)).id]).toEqual([200, version.id]);
  const reply = await publish(world, id, 4);
  expect([reply.status, (await read(reply, Problem)).detail]).toMatchObject([404, expect.stringContaining("deleted")]);
});

test("a model that was deleted gets no version any more", async () => {
  const world = await makeWorld({}, { processes: true });
  const id = await trainEcho(world, THREE);
  await endedTraining(world, id);
  expect((await world.call("DELETE", `${TOY}/versions/${await latestOf(world)}`)).status).toBe(204);
  expect((await world.call("DELETE", TOY)).status).toBe(204);
  const reply = await publish(world, id, 2);
  expect([reply.status, (await read(reply, Problem)).detail]).toEqual([
    422,
    "The model that it goes to, or the version that was trained, was deleted meanwhile. Train again.",
  ]);
});
