/** One HTTP request on a connection that was judged, up to the head of its answer. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { dial, type Reach } from "./dial.ts";
import { FetchRefused } from "./refusal.ts";

const HEADERS_MS_MAX = 30_000;

export interface Question {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
}

/** The answer's body is still to be read, and the connection to be ended. Throws FetchRefused. */
export async function ask(
  reach: Reach,
  url: URL,
  { method, headers, body }: Question,
  signal: AbortSignal,
): Promise<{ response: IncomingMessage; socket: Socket }> {
  const socket = await dial(reach, url, signal);
  const late = setTimeout(() => socket.destroy(), HEADERS_MS_MAX);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop);
  try {
    const asked = request({
      createConnection: () => socket,
      method,
      path: `${url.pathname}${url.search}`,
      headers: {
        Host: url.host,
        "User-Agent": "easel",
        Accept: "*/*",
        "Accept-Encoding": "identity",
        Connection: "close",
        ...headers,
      },
    });
    asked.on("error", () => {}); // also after the answer has begun: the body's reader is told by its own stream
    asked.end(body);
    const [response] = await once(asked, "response", { signal });
    return { response, socket };
  } catch {
    socket.destroy();
    throw new FetchRefused(`${url.host} does not answer as a web server does.`);
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", stop);
  }
}
