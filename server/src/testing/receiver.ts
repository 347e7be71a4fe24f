/** Somebody's webhook receiver: a real HTTP server on this machine that keeps what comes, and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** What follows is answered by this. */
  answer: (respond: Respond) => void;
}

type Respond = (response: ServerResponse, received: Received) => void;

/** Answers 200 until it is told otherwise. */
export async function startReceiver(host = "127.0.0.1"): Promise<Receiver> {
  const received: Received[] = [];
  let respond: Respond = (response) => response.end("thanks");
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { url: path = "", headers } = request;
    const one = { path, headers, body: Buffer.concat(chunks).toString("utf8") };
    received.push(one);
    respond(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The receiver does not listen.");
  return {
    url: `http://${host}:${address.port}/hook?user=7`,
    received,
    answer: (next) => {
      respond = next;
    },
  };
}

/** A status and a text. */
export function answering(status: number, text = "", headers: Record<string, string> = {}): Respond {
  return (response) => {
    response.writeHead(status, headers);
    response.end(text);
  };
}
