/** npm `replicate`, unmodified, through its whole surface. Throws where something is not as Replicate's users know it. */
import { readFileSync } from "node:fs";
import Replicate, { parseProgressFromLogs } from "replicate";
import { assert, expect } from "vitest";
import { z } from "zod";
import { ECHO_VERSION, PAGES_VERSION, TOKEN, WORDS_VERSION } from "../support/server.ts";

const NAME = "node";
const Trained = z.object({ version: z.string(), weights: z.string() });

/** `baseUrl` ends in /v1; `zip` is an archive of images. */
export async function useEverything(baseUrl: string, zip: string): Promise<void> {
  const replicate = new Replicate({ auth: TOKEN, baseUrl });
  await lookAround(replicate);
  await makeModels(replicate);
  await keepFiles(replicate);
  await predict(replicate);
  await stream(replicate);
  const version = await train(replicate, zip);
  await deploy(replicate, version);
  await goWrong(replicate);
}

async function lookAround(replicate: Replicate): Promise<void> {
  expect(await replicate.accounts.current()).toMatchObject({ type: "user", username: "you" });
  expect((await replicate.hardware.list()).map(({ sku }) => sku)).toContain("cpu");
  const [collection] = (await replicate.collections.list()).results;
  const { models } = await replicate.collections.get(collection?.slug ?? "");
  expect(models?.map(({ name }) => name)).toContain("emoji");
  expect((await replicate.webhooks.default.secret.get()).key).toMatch(/^whsec_/);
}

async function makeModels(replicate: Replicate): Promise<void> {
  const create = (name: string) =>
    replicate.models.create("you", name, { visibility: "private", hardware: "cpu", description: "by Node" });
  for (let number = 0; number < 100; number++) await create(`many-${number}`);
  expect(await create(NAME)).toMatchObject({ owner: "you", name: NAME, latest_version: null });
  expect(await replicate.models.get("you", NAME)).toMatchObject({ description: "by Node" });
  const names: string[] = [];
  for await (const page of replicate.paginate(replicate.models.list)) names.push(...page.map(({ name }) => name));
  expect(names.length).toBeGreaterThan(100);
  expect(new Set(names).size).toBe(names.length);
  expect((await replicate.models.search(NAME)).results.map(({ name }) => name)).toContain(NAME);
  const { results } = await replicate.models.versions.list("easel", "echo");
  expect(results.map(({ id }) => id)).toContain(ECHO_VERSION);
  const version = await replicate.models.versions.get("easel", "echo", ECHO_VERSION);
  expect(version).toHaveProperty("openapi_schema.components.schemas.Input");
}

async function keepFiles(replicate: Replicate): Promise<void> {
  const file = await replicate.files.create(new File(["kept"], "kept.txt"), { kind: "text" });
  expect(file).toMatchObject({ name: "kept.txt", size: 4, metadata: { kind: "text" } });
  expect((await replicate.files.get(file.id)).checksums).toEqual(file.checksums);
  expect((await replicate.files.list()).results.map(({ id }) => id)).toContain(file.id);
  expect(await replicate.files.delete(file.id)).toBe(true);
}

async function predict(replicate: Replicate): Promise<void> {
  const output = await replicate.run("easel/echo", { input: {} });
  const [picture]: unknown[] = Array.isArray(output) ? output : [];
  assert(picture instanceof ReadableStream);
  expect(
    Buffer.from(await new Response(picture).arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe("PNG");
  const file = { file: Buffer.from("from a file") };
  expect(await replicate.run(`easel/words:${WORDS_VERSION}`, { input: file })).toEqual(["from ", "a ", "file "]);
  const inline = new Replicate({ ...replicate, fileEncodingStrategy: "upload" });
  expect(await inline.run(`easel/words:${WORDS_VERSION}`, { input: { file: new Blob(["sent up"]) } })).toEqual([
    "sent ",
    "up ",
  ]);
  const made = await replicate.predictions.create({ version: ECHO_VERSION, input: { delay_seconds: 0.1 } });
  const ended = await replicate.wait(made, { interval: 100 });
  expect(ended.status).toBe("succeeded");
  expect(parseProgressFromLogs(ended)).toBeNull();
  const asked = await replicate.predictions.create({ model: "easel/echo", input: { delay_seconds: 60 } });
  await replicate.predictions.cancel(asked.id);
  expect((await replicate.wait(asked, { interval: 100 })).status).toBe("canceled");
  expect((await replicate.predictions.list()).results.map(({ id }) => id)).toContain(made.id);
  const stopped = new AbortController();
  const input = { delay_seconds: 60, text: "stopped" };
  const options = { input, signal: stopped.signal, wait: { mode: "poll", interval: 100 } } as const;
  expect(await replicate.run("easel/echo", options, () => stopped.abort())).toBeNull();
}

async function stream(replicate: Replicate): Promise<void> {
  const words: string[] = [];
  for await (const event of replicate.stream(`easel/words:${WORDS_VERSION}`, { input: { text: "one two\nthree" } })) {
    words.push(event.toString());
  }
  expect(words.join("")).toBe("one two\nthree ");
  const pages: string[] = [];
  for await (const { event, data } of replicate.stream(`easel/pages:${PAGES_VERSION}`, { input: { count: 2 } })) {
    const file: unknown = data;
    if (event === "output" && file instanceof ReadableStream) pages.push(await new Response(file).text());
  }
  expect(pages).toEqual(["page 0", "page 1"]);
  await expect(async () => {
    for await (const _ of replicate.stream("easel/echo", { input: {} }));
  }).rejects.toThrow(/does not support streaming/);
}

async function train(replicate: Replicate, zip: string): Promise<string> {
  const file = await replicate.files.create(new File([readFileSync(zip)], "data.zip", { type: "application/zip" }));
  const begin = (input: object) =>
    replicate.trainings.create("easel", "echo", ECHO_VERSION, {
      destination: `you/${NAME}`,
      input: { input_images: file.urls.get, ...input },
    });
  const training = await begin({ steps: 2 });
  const ended = await replicate.wait(await replicate.predictions.get(training.id), { interval: 100 });
  expect(ended).toMatchObject({ status: "succeeded", error: null });
  expect((await replicate.trainings.list()).results.map(({ id }) => id)).toContain(training.id);
  const canceled = await begin({ steps: 1000, step_seconds: 1 });
  await replicate.trainings.cancel(canceled.id);
  expect((await replicate.trainings.get(canceled.id)).id).toBe(canceled.id);
  return Trained.parse(ended.output).version.split(":")[1] ?? "";
}

async function deploy(replicate: Replicate, version: string): Promise<void> {
  const scale = { hardware: "cpu", min_instances: 0, max_instances: 1 };
  await replicate.deployments.create({ name: NAME, model: `you/${NAME}`, version, ...scale });
  const { current_release } = await replicate.deployments.update("you", NAME, { max_instances: 2 });
  expect(current_release).toMatchObject({ number: 2, version, configuration: { max_instances: 2 } });
  const made = await replicate.deployments.predictions.create("you", NAME, { input: {} });
  expect(await replicate.wait(made, { interval: 100 })).toMatchObject({ status: "succeeded", version });
  expect((await replicate.deployments.list()).results.map(({ name }) => name)).toEqual([NAME]);
  expect(await replicate.deployments.get("you", NAME)).toMatchObject({ owner: "you", name: NAME });
  expect(await replicate.deployments.delete("you", NAME)).toBe(true);
}

async function goWrong(replicate: Replicate): Promise<void> {
  const refused = replicate.run("easel/echo", { input: { repeat: 9 } });
  await expect(refused).rejects.toMatchObject({ name: "ApiError", response: { status: 422 } });
  await expect(refused).rejects.toThrow(/Must be less than or equal to 4/);
  await expect(replicate.run("easel/echo", { input: { fail: "as told" } })).rejects.toThrow(
    /Prediction failed: .*as told/,
  );
  await expect(replicate.models.get("you", "none")).rejects.toMatchObject({ response: { status: 404 } });
  const stranger = new Replicate({ auth: "r8_nobody", baseUrl: replicate.baseUrl });
  await expect(stranger.accounts.current()).rejects.toMatchObject({ response: { status: 401 } });
}
