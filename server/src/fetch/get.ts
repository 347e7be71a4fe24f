/**
 * Fetches what a stranger's URL points to, without becoming the stranger's hand inside our network. With post.ts the
 * only HTTP client of the server: whoever needs one uses this, so that no other door has to be watched.
 */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { ask } from "./ask.ts";
import type { Reach } from "./dial.ts";
import { FetchRefused } from "./refusal.ts";

const REDIRECTS_MAX = 3;
const SILENCE_MS_MAX = 30_000;
/** Whoever sends slower than this on the whole is given up, but not within the first minute. */
const BYTES_PER_MS_MIN = 100;
const FREE_MS = 60_000;

export interface Answer {
  /** Where it came from in the end, after redirects. */
  host: string;
  /** Bytes, where the other side says so. */
  size: number | undefined;
  /** The bytes, to be read once. Throws FetchRefused when they stop coming. */
  body: AsyncIterable<Uint8Array>;
  /** Ends the connection of an answer that is not wanted. */
  close: () => void;
}

/** Asks for the URL and those that it redirects to. Throws FetchRefused, which names the host and the reason. */
export async function get(reach: Reach, address: string, signal: AbortSignal): Promise<Answer> {
  let url = readUrl(address);
  for (let redirects = 0; ; redirects++) {
    const { response, socket } = await ask(reach, url, { method: "GET", headers: {} }, signal);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) {
      const size = /^\d+$/.test(headers["content-length"] ?? "") ? Number(headers["content-length"]) : undefined;
      const body = readBody(response, socket, url.host, signal);
      return { host: url.host, size, body, close: () => socket.destroy() };
    }
    socket.destroy();
    const location = [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
    if (location === undefined) {
      throw new FetchRefused(
        `${url.host} answered ${statusCode} (${STATUS_CODES[statusCode] ?? "unknown"}), not a file.`,
      );
    }
    if (redirects === REDIRECTS_MAX) throw new FetchRefused(`${url.host} redirects more than ${REDIRECTS_MAX} times.`);
    url = follow(url, location);
  }
}

/** Throws FetchRefused for what is no plain http or https URL. */
export function readUrl(text: string, base?: string): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (url === undefined) throw new FetchRefused("That is no URL.");
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new FetchRefused(`Files are fetched by http and https, not by ${url.protocol.slice(0, -1)}.`);
  if (url.username !== "" || url.password !== "")
    throw new FetchRefused(`A URL with a name or password in it is not fetched: ${url.host}.`);
  return url;
}

function follow(from: URL, location: string): URL {
  const to = readUrl(location, from.href);
  if (from.protocol === "https:" && to.protocol === "http:")
    throw new FetchRefused(`${from.host} redirects from https to http, which is not followed.`);
  return to;
}

async function* readBody(
  response: IncomingMessage,
  socket: Socket,
  host: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const began = performance.now();
  let size = 0;
  socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy());
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop);
  // A body is read from when somebody wants it: the signal may have come before, and would not come again.
  if (signal.aborted) stop();
  try {
    for await (const chunk of response) {
      size += chunk.length;
      if (performance.now() - began > FREE_MS + size / BYTES_PER_MS_MIN)
        throw new FetchRefused(`${host} sends too slowly.`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof FetchRefused) throw error;
    throw new FetchRefused(`${host} stopped sending after ${size} bytes.`);
  } finally {
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}
