/** Clients that want something of a server that may be killed at any moment: each asks until it is answered, and notes what it was told. */
import { createHash } from "node:crypto";
import { ApiError, ConnectionError } from "@easel/contract";
import { archiveOf } from "../support/archive.ts";
import { ECHO_VERSION } from "../support/server.ts";
import { pause, type World } from "./world.ts";

const DESTINATION = { owner: "you", name: "toy", visibility: "private", hardware: "cpu" } as const;
const PATIENCE_MS = 60_000;

/** Asks for a training of echo on an archive of its own; gives the run's id. */
export async function train(world: World, seed: number, input: Record<string, unknown> = {}): Promise<string> {
  const url = await upload(world, await archiveOf(seed), seed);
  await makeDestination(world);
  const body = { destination: "you/toy", input: { input_images: url, seed, ...input } };
  const { id } = await ask(() => world.server.client.trainings.create("easel", "echo", ECHO_VERSION, body));
  world.history.write({ did: "create", id, kind: "training", seed });
  return id;
}

/** Asks for a prediction of echo; gives the run's id. */
export async function predict(world: World, seed: number, input: Record<string, unknown> = {}): Promise<string> {
  const body = { version: ECHO_VERSION, input: { text: `words ${seed}`, seed, ...input } };
  const { id } = await ask(() => world.server.client.predictions.create(body));
  world.history.write({ did: "create", id, kind: "prediction", seed });
  return id;
}

export async function cancel(world: World, kind: "training" | "prediction", id: string): Promise<void> {
  await ask<unknown>(() => {
    const { trainings, predictions } = world.server.client;
    return kind === "training" ? trainings.cancel(id) : predictions.cancel(id);
  });
  world.history.write({ did: "cancel", id });
}

/** Uploads bytes; gives the URL that names them in a run's input. */
export async function upload(world: World, bytes: Uint8Array, seed: number): Promise<string> {
  const content = new Blob([new Uint8Array(bytes)]);
  const file = await ask(() => world.server.client.files.create({ name: `${seed}.tar`, content }));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  world.history.write({ did: "upload", id: file.id, sha256 });
  return file.urls.get;
}

async function makeDestination(world: World): Promise<void> {
  try {
    await ask(() => world.server.client.models.create(DESTINATION));
  } catch (error) {
    // An earlier training made it, or an earlier try that was never answered.
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}

/** Asks again for as long as the connection breaks. A refusal is an answer. */
async function ask<T>(request: () => Promise<T>): Promise<T> {
  const patience = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      // An answer that breaks off in the middle is a TypeError, or JSON that does not end.
      const broken = error instanceof ConnectionError || error instanceof TypeError || error instanceof SyntaxError;
      if (!broken || Date.now() > patience) throw error;
      await pause(20);
    }
  }
}
