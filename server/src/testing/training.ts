/** Trainings of the echo model in a test's world, asked for as a client would. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { File, Training } from "@easel/contract";
import { expect } from "vitest";
import { read } from "./read.ts";
import { ECHO, type World } from "./world.ts";

const ZIP = fileURLToPath(new URL("../../../examples/fluent-3d.zip", import.meta.url));

/** The URL of an uploaded archive of images. */
export async function uploadArchive(world: World): Promise<string> {
  const form = new FormData();
  form.append("content", new Blob([readFileSync(ZIP)]), "data.zip");
  const headers = { Authorization: `Bearer ${world.token}` };
  return (await read(world.app.request("/v1/files", { method: "POST", body: form, headers }), File)).urls.get;
}

/** Creates a training of `you/toy`, which is made where it is not there yet, and gives its id. */
export async function trainEcho(world: World, input: Record<string, unknown>): Promise<string> {
  await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const body = { destination: "you/toy", input: { input_images: await uploadArchive(world), ...input } };
  const reply = await world.call("POST", `/v1/models/easel/echo/versions/${ECHO.versionId}/trainings`, body);
  expect(reply.status).toBe(201);
  return (await read(reply, Training)).id;
}

/** The training as it is once it has ended. */
export async function endedTraining(world: World, id: string): Promise<Training> {
  const stream = await world.call("GET", `/v1/runs/${id}/events`);
  await stream.text();
  return read(world.call("GET", `/v1/trainings/${id}`), Training);
}

/** Returns once an event of this type has come in a run. */
export async function untilEvent(world: World, id: string, event: string): Promise<void> {
  const stream = await world.call("GET", `/v1/runs/${id}/events`);
  const decoder = new TextDecoder();
  for await (const chunk of stream.body ?? []) if (decoder.decode(chunk).includes(`event: ${event}`)) return;
}
