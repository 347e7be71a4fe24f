/** Sends a message to a stranger's URL, under the same guard as whatever is fetched. Redirects are answers like others. */
import type { IncomingMessage } from "node:http";
import { ask } from "./ask.ts";
import type { Reach } from "./dial.ts";
import { readUrl } from "./get.ts";

const HEAD_BYTES = 1024;

export interface Reply {
  status: number;
  /** The header as it came. */
  retryAfter: string | undefined;
  /** The first kilobyte of the body, or what of it came in time. */
  head: string;
}

/** Throws FetchRefused, which names the host and the reason, when no answer came before `signal` aborted. */
export async function post(
  reach: Reach,
  address: string,
  { headers, body }: { headers: Record<string, string>; body: string },
  signal: AbortSignal,
): Promise<Reply> {
  const { response, socket } = await ask(reach, readUrl(address), { method: "POST", headers, body }, signal);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop);
  try {
    const { statusCode = 0 } = response;
    return { status: statusCode, retryAfter: response.headers["retry-after"], head: await readHead(response) };
  } finally {
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/** A body that breaks off changes nothing: the status has said it. */
async function readHead(response: IncomingMessage): Promise<string> {
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of response) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= HEAD_BYTES) break;
    }
  } catch {
    response.destroy();
  }
  return head.subarray(0, HEAD_BYTES).toString("utf8");
}
