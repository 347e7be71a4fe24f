/** Reads server-sent events from bytes. Knows the format and nothing of runs. */

/** One event; `id` is null where it has none. */
export interface StreamEvent {
  id: string | null;
  type: string;
  data: string;
}

/** Yields an event for each blank line, and null for each comment, which shows that the connection lives. */
export async function* readEventStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent | null> {
  let id: string | null = null;
  let type = "message";
  let data: string[] = [];
  for await (const line of readLines(body)) {
    if (line === "") {
      if (data.length > 0) yield { id, type, data: data.join("\n") };
      [id, type, data] = [null, "message", []];
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "") yield null;
    else if (field === "data") data.push(value);
    else if (field === "event") type = value;
    else if (field === "id") id = value;
  }
}

/** Lines end with \n, \r\n or \r; what is not ended yet when the bytes end is dropped, as it may be cut. */
async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const held = rest.endsWith("\r") ? "\r" : "";
    const lines = rest.slice(0, rest.length - held.length).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? "") + held;
    yield* lines;
  }
}
