/** A whole model, DreamBooth's, through the API: trained, drawn by a process of its own, and the plain base drawn as before. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import Replicate from "replicate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer, TOKEN } from "../support/server.ts";

const ZIP = fileURLToPath(new URL("../../examples/fluent-3d.zip", import.meta.url));
const SHORT = {
  max_train_steps: 2,
  resolution: 64,
  num_class_images: 1,
  sample_steps: 0,
  sample_prompts: ["a star"],
  publish: "last",
  seed: 0,
};
const SMALL = { prompt: "an emoji of a fox", width: 64, height: 64, num_inference_steps: 2, seed: 1 };

let data: string;
let server: TestServer;
let replicate: Replicate;
let emoji: string;
let images: string;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "easel-whole-"));
  server = await startServer({ data });
  replicate = new Replicate({ auth: TOKEN, baseUrl: `${server.url}/v1`, useFileOutput: false });
  emoji = (await replicate.models.get("easel", "emoji")).latest_version?.id ?? "";
  const bytes = new File([readFileSync(ZIP)], "data.zip", { type: "application/zip" });
  images = (await replicate.files.create(bytes)).urls.get;
  await replicate.models.create("you", "whole", { visibility: "private", hardware: "cpu" });
});

afterAll(async () => {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
});

function train(input: object) {
  return replicate.trainings.create("easel", "emoji", emoji, {
    destination: "you/whole",
    input: { input_images: images, ...SHORT, ...input },
  });
}

async function draw(version: string): Promise<Buffer> {
  const { output, status, error } = await replicate.wait(
    await replicate.predictions.create({ version, input: SMALL }),
    {},
  );
  expect(status, String(error)).toBe("succeeded");
  return Buffer.from(await (await fetch(output[0])).arrayBuffer());
}

test("is_lora=false trains a whole model; a process of its own draws it, and the base stays what it was", async () => {
  const before = await draw(emoji);
  let training = await train({ is_lora: false, unet_learning_rate: 0.01 });
  while (training.status === "starting" || training.status === "processing") {
    await new Promise((resolve) => setTimeout(resolve, 200));
    training = await replicate.trainings.get(training.id);
  }
  expect(training.status, String(training.error)).toBe("succeeded");
  const version = (await replicate.models.get("you", "whole")).latest_version?.id ?? "";
  const own = await draw(version);
  expect(own.equals(before)).toBe(false);
  expect((await draw(emoji)).equals(before)).toBe(true);
  expect((await draw(version)).equals(own)).toBe(true);
  const database = new Database(join(data, "easel.db"), { readonly: true });
  const holding = database
    .prepare(
      `select distinct runs.version_id = ? as whole, processes.weights_sha256 is not null as held
       from attempts join runs on runs.id = attempts.run_id join processes on processes.id = attempts.process_id`,
    )
    .all(version);
  database.close();
  expect(holding).toHaveLength(2);
  expect(holding).toEqual(
    expect.arrayContaining([
      { whole: 0, held: 0 },
      { whole: 1, held: 1 },
    ]),
  );
});

test("technique=lora with is_lora=false is refused before anything is made of it", async () => {
  await expect(train({ technique: "lora", is_lora: false })).rejects.toThrow(
    /422.*is_lora: it is false, but technique is lora\. Leave one of the two out\./s,
  );
});
