import { expect, test } from "vitest";
import { ApiError, ConnectionError, createClient, type RunEvent } from "./index.ts";

const account = { type: "user", username: "you", name: "You", github_url: null, avatar_url: null };

async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** A client of which each request is answered by `answer`; `sent` collects the requests. */
function clientOf(
  answer: (request: Request, count: number) => Response | Promise<Response>,
  baseUrl = "http://box:1/v1",
) {
  const sent: Request[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    sent.push(request);
    return answer(request, sent.length);
  };
  return { sent, client: createClient({ baseUrl, token: "secret", fetch }) };
}

test("the base URL may end in /v1 or not, and the token goes along", async () => {
  for (const baseUrl of ["http://box:1", "http://box:1/", "http://box:1/v1", "http://box:1/v1/"]) {
    const { client, sent } = clientOf(() => Response.json(account), baseUrl);
    expect(await client.account.get()).toEqual(account);
    expect(sent[0]?.url).toBe("http://box:1/v1/account");
    expect(sent[0]?.headers.get("authorization")).toBe("Bearer secret");
  }
});

test("names cannot step out of their place in a path", async () => {
  const { client, sent } = clientOf(() => Response.json({ detail: "no" }, { status: 404 }));
  await expect(client.models.get("a/b", "../c?d")).rejects.toThrow("no");
  expect(sent[0]?.url).toBe("http://box:1/v1/models/a%2Fb/..%2Fc%3Fd");
});

test("a problem becomes an ApiError with its fields and the request's id", async () => {
  const problem = {
    title: "Input validation failed",
    detail: "- input: prompt is required\n",
    status: 422,
    invalid_fields: [{ type: "required", field: "input", description: "prompt is required" }],
  };
  const { client } = clientOf(() => Response.json(problem, { status: 422, headers: { "x-request-id": "r1" } }));
  const error = await client.account.get().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    status: 422,
    title: problem.title,
    requestId: "r1",
    invalidFields: problem.invalid_fields,
  });
});

test("an answer that is no problem document still says what happened", async () => {
  const { client } = clientOf(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await expect(client.account.get()).rejects.toMatchObject({ status: 502, detail: "<h1>Bad gateway</h1>" });
});

test("a server that is not there is named with the reason", async () => {
  const client = createClient({ baseUrl: "http://127.0.0.1:9", token: "secret" });
  const error = await client.account.get().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConnectionError);
});

test("a reply that lacks a field is refused, and the field is named", async () => {
  const { client } = clientOf(() => Response.json({ ...account, username: 7 }));
  await expect(client.account.get()).rejects.toThrow("username");
});

test("a file is sent as a form, from a Blob and from a stream with its length", async () => {
  const bytes = new TextEncoder().encode("hello");
  async function* stream() {
    yield bytes.subarray(0, 2);
    yield bytes.subarray(2);
  }
  for (const upload of [
    { name: 'a "b".txt', content: new Blob([bytes]), contentType: "text/plain" },
    { name: 'a "b".txt', content: stream(), size: 5, contentType: "text/plain" },
  ]) {
    const { client, sent } = clientOf(() => Response.json({}, { status: 413 }));
    await client.files.create(upload).catch(() => undefined);
    const request = sent[0];
    const part = (await request?.formData())?.get("content");
    if (!(part instanceof Blob)) throw new Error("no file part");
    expect(part).toMatchObject({ name: 'a "b".txt', type: "text/plain" });
    expect(await part.text()).toBe("hello");
  }
});

test("the token is not sent to another host", async () => {
  const { client, sent } = clientOf(() => new Response("x"));
  await client.download("http://elsewhere/out-0.png");
  await client.download("http://box:1/files/out-0.png");
  expect(sent.map((request) => request.headers.get("authorization"))).toEqual([null, "Bearer secret"]);
});

const at = "2026-11-23T06:40:00.123456Z";

function stream(...events: string[]): Response {
  return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
}

test("events go on behind the last one seen when the connection is lost, and end with done", async () => {
  const log = (id: number, text: string) =>
    `id: ${id}\nevent: log\ndata: ${JSON.stringify({ attempt: 1, at, text })}\n\n`;
  const { client, sent } = clientOf((_, count) => {
    if (count === 1)
      return stream(
        ': hi\n\nevent: status\ndata: {"status":"processing"}\n\n',
        log(1, "a"),
        log(2, "b"),
        "id: 3\nevent: lo",
      );
    if (count === 2) throw new TypeError("fetch failed");
    return stream(
      log(3, "c"),
      "event: of-tomorrow\ndata: {}\n\n",
      'event: done\ndata: {"status":"succeeded"}\n\n',
      log(4, "d"),
    );
  });
  const lost: string[] = [];
  const seen = await collect(client.runs.events("01hx", { onLost: (reason) => lost.push(reason) }));
  expect(seen.map((event) => (event.type === "log" ? event.data.text : event.type))).toEqual([
    "status",
    "a",
    "b",
    "c",
    "done",
  ]);
  expect(sent.map((request) => request.headers.get("last-event-id"))).toEqual([null, "2", "2"]);
  expect(lost).toHaveLength(2);
});

test("a run that is not there ends the following at once", async () => {
  const { client, sent } = clientOf(() => Response.json({ detail: "gone" }, { status: 404 }));
  await expect(client.runs.events("01hx").next()).rejects.toThrow("gone");
  expect(sent).toHaveLength(1);
});

test("following stops when it is told to", async () => {
  const stop = new AbortController();
  const { client } = clientOf(() => stream('event: status\ndata: {"status":"starting"}\n\n'));
  const events = client.runs.events("01hx", { signal: stop.signal, onLost: () => stop.abort(new Error("enough")) });
  await expect(collect(events)).rejects.toThrow("enough");
});
