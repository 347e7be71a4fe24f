import { expect, test } from "vitest";
import { readEventStream } from "./event-stream.ts";

async function read(...chunks: (string | Uint8Array)[]) {
  async function* bytes() {
    for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
  }
  const events = [];
  for await (const event of readEventStream(bytes())) events.push(event);
  return events;
}

test("several data lines are one text, and all three line ends count", async () => {
  const event = { id: "7", type: "log", data: "a\nb" };
  expect(await read("id: 7\nevent: log\ndata: a\ndata:b\n\n")).toEqual([event]);
  expect(await read("id: 7\r\nevent: log\r\ndata: a\r", "\ndata:b\r\n\r", "\n")).toEqual([event]);
  expect(await read("id: 7\revent: log\rdata: a\rdata:b\r\r\n")).toEqual([event]);
});

test("a letter cut in two by the network is whole again", async () => {
  const bytes = new TextEncoder().encode("data: ü\n\n");
  expect(await read(bytes.subarray(0, 7), bytes.subarray(7))).toEqual([{ id: null, type: "message", data: "ü" }]);
});

test("a comment is a sign of life, and what is cut off is dropped", async () => {
  expect(await read(": hi\n\ndata: 1\n\ndata: 2\n")).toEqual([null, { id: null, type: "message", data: "1" }]);
});
