import { Prediction } from "@easel/contract";
import { expect, test } from "vitest";
import { BUILTINS } from "../models/builtin.ts";
import { insertProcess } from "../processes/store.ts";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, PAGES, WORDS, type World } from "../testing/world.ts";
import { assignRun } from "./claim.ts";
import { loseAttempt } from "./finish.ts";
import { commitEvents } from "./report.ts";

const STREAMING = { processes: true, builtins: [...BUILTINS, ECHO, WORDS, PAGES] };

interface Event {
  event: string;
  id: string;
  data: string;
}

/** What an EventSource would make of a stream that has ended. */
function parse(text: string): Event[] {
  return text.split("\n\n").flatMap((block) => {
    const fields = block.split("\n").map((line) => /^(\w+): (.*)$/s.exec(line)?.slice(1) ?? []);
    const value = (name: string) =>
      fields
        .filter(([field]) => field === name)
        .map(([, text]) => text)
        .join("\n");
    return value("event") === "" ? [] : [{ event: value("event"), id: value("id"), data: value("data") }];
  });
}

async function predict(world: World, version: string, input: object, more: object = {}): Promise<Prediction> {
  return read(world.call("POST", "/v1/predictions", { version, input, ...more }), Prediction);
}

async function streamed(world: World, url: string | undefined, headers: Record<string, string> = {}): Promise<Event[]> {
  const reply = await world.app.request(url ?? "", { headers: { Accept: "text/event-stream", ...headers } });
  expect(reply.headers.get("content-type")).toBe("text/event-stream");
  return parse(await reply.text());
}

test("an iterator's outputs are streamed as they come, without a token, and the prediction grows by them", async () => {
  const world = await makeWorld({}, STREAMING);
  const made = await predict(world, WORDS.versionId, { text: "one two\nthree" });
  const events = await streamed(world, made.urls.stream);
  expect(events.filter(({ event }) => event === "output").map(({ data }) => data)).toEqual(["one ", "two\nthree "]);
  expect(events.find(({ event }) => event === "logs")?.data).toBe("words: begin");
  expect(events.at(-1)).toMatchObject({ event: "done", data: "{}" });
  for (const { id } of events) expect(id).toMatch(/^\d{10}:\d+$/);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const shown = await read(world.call("GET", `/v1/predictions/${made.id}`), Prediction);
  expect(shown.output).toEqual(["one ", "two\nthree "]);
  const second = events[1]?.id ?? "";
  expect(await streamed(world, made.urls.stream, { "Last-Event-ID": second })).toEqual(events.slice(2));
});

test("a stream of files tells their URLs, under a path that clients know files by", async () => {
  const world = await makeWorld({}, STREAMING);
  const made = await predict(world, PAGES.versionId, { count: 2 });
  expect(new URL(made.urls.stream ?? "").pathname).toMatch(/^\/v1\/files\/streams\//);
  const urls = (await streamed(world, made.urls.stream)).filter(({ event }) => event === "output");
  const texts = await Promise.all(urls.map(async ({ data }) => (await world.app.request(data)).text()));
  expect(texts).toEqual(["page 0", "page 1"]);
});

test("a plain list has no stream, unless one is asked for", async () => {
  const world = await makeWorld({}, STREAMING);
  expect((await predict(world, ECHO.versionId, {})).urls).not.toHaveProperty("stream");
  const asked = await predict(world, ECHO.versionId, { repeat: 2 }, { stream: true });
  const outputs = (await streamed(world, asked.urls.stream)).filter(({ event }) => event === "output");
  expect(outputs.map(({ data }) => new URL(data).pathname)).toEqual([
    `/v1/runs/${asked.id}/files/1/out-0.png`,
    `/v1/runs/${asked.id}/files/1/out-1.png`,
  ]);
});

test("a stream ends with the reason where the run failed or was canceled", async () => {
  const world = await makeWorld({}, STREAMING);
  const failed = await predict(world, WORDS.versionId, { text: "a", fail: "as told" });
  const events = await streamed(world, failed.urls.stream);
  expect(events.slice(-2)).toMatchObject([
    { event: "error", data: expect.stringContaining("as told") },
    { event: "done", data: '{"reason":"error"}' },
  ]);
  const canceled = await predict(world, WORDS.versionId, { text: "a b c", delay_seconds: 60 });
  await world.call("POST", `/v1/predictions/${canceled.id}/cancel`);
  expect((await streamed(world, canceled.urls.stream)).at(-1)?.data).toBe('{"reason":"canceled"}');
}, 40_000);

test("what a lost attempt had given is not given twice by the one after it", async () => {
  const world = await makeWorld({}, { builtins: [WORDS] });
  const { id, urls } = await predict(world, WORDS.versionId, {});
  const { context } = world;
  const at = new Date().toISOString();
  for (const [attempt, words] of [["a"], ["a", "b"]].entries()) {
    const process = `p${attempt}`;
    await insertProcess(context.db, {
      id: process,
      program: WORDS.program,
      base: null,
      whole: null,
      device: "cpu",
      at,
    });
    await assignRun(context, id, process, "CPU");
    const holder = { runId: id, attempt: attempt + 1, processId: process };
    const event = { run: id, attempt: attempt + 1, at, type: "chunk" } as const;
    await commitEvents(
      context,
      holder,
      words.map((value, index) => ({ ...event, seq: index + 1, value })),
    );
    if (attempt === 0)
      await loseAttempt(context, holder, { reason: "The model process died.", code: "attempt_lost", words: "" });
  }
  const reply = await world.app.request(urls.stream ?? "");
  const seen: string[] = [];
  const decoder = new TextDecoder();
  for await (const bytes of reply.body ?? []) {
    seen.push(
      ...parse(decoder.decode(bytes))
        .filter(({ event }) => event === "output")
        .map(({ data }) => data),
    );
    if (seen.includes("b")) break;
  }
  expect(seen).toEqual(["a", "b"]);
});

test("the end comes late enough behind the last output, and the connection's end behind that", async () => {
  const world = await makeWorld({}, STREAMING);
  const { urls } = await predict(world, WORDS.versionId, { text: "one" });
  const reply = await world.app.request(urls.stream ?? "");
  const decoder = new TextDecoder();
  const seen = new Map<string, number>();
  for await (const bytes of reply.body ?? []) {
    for (const { event } of parse(decoder.decode(bytes))) seen.set(event, performance.now());
  }
  const [output = 0, done = 0] = [seen.get("output"), seen.get("done")];
  // Less, and Replicate's command line loses the output, or falls over.
  expect(done - output).toBeGreaterThan(200);
  expect(performance.now() - done).toBeGreaterThan(1500);
});

test("a link that was not signed opens no stream", async () => {
  const world = await makeWorld({}, STREAMING);
  const { urls } = await predict(world, WORDS.versionId, {});
  const { pathname } = new URL(urls.stream ?? "");
  expect((await world.app.request(pathname)).status).toBe(404);
});
