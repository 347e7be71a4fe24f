/**
 * Stands between a client and the server, passes everything on as it comes, and keeps what passed. Can drop a connection
 * as a network does. Neither side can tell that it is there.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

/** How long a request has to reach the server before its connection breaks. */
const TIME_TO_ARRIVE_MS = 500;

export interface Exchange {
  method: string;
  /** With its query. */
  path: string;
  requestHeaders: IncomingMessage["headers"];
  requestBody: string;
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export interface Recorder {
  url: string;
  exchanges: Exchange[];
  /** The next requests that fit reach the server, and then the connection breaks before there is an answer. */
  breakNext: (fits: (request: IncomingMessage) => boolean, times: number) => void;
}

/** Goes away with the test, or the suite, that starts it: `onEnd` is told how. */
export async function startRecorder(
  target: string,
  onEnd: (close: () => void) => void = onTestFinished,
): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const breaks = { fits: (_request: IncomingMessage): boolean => false, times: 0 };
  const server = createServer((incoming, outgoing) => {
    const isBroken = breaks.times > 0 && breaks.fits(incoming);
    if (isBroken) breaks.times -= 1;
    passOn(target, incoming, outgoing, isBroken, (exchange) => exchanges.push(exchange));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The recorder does not listen.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    exchanges,
    breakNext: (fits, times) => Object.assign(breaks, { fits, times }),
  };
}

/** The Host stays as the client wrote it, so that the server's links lead here again. */
function passOn(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isBroken: boolean,
  keep: (exchange: Exchange) => void,
): void {
  const { method = "GET", url: path = "/", headers } = incoming;
  const sent: Buffer[] = [];
  const upstream = request(new URL(path, target), { method, headers }, (answer) => {
    const received: Buffer[] = [];
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("data", (chunk: Buffer) => received.push(chunk));
    answer.on("end", () => {
      keep({
        method,
        path,
        requestHeaders: headers,
        requestBody: Buffer.concat(sent).toString("utf8"),
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: Buffer.concat(received),
      });
    });
    answer.pipe(outgoing);
  });
  upstream.on("error", () => outgoing.destroy());
  outgoing.on("close", () => upstream.destroy());
  incoming.on("data", (chunk: Buffer) => sent.push(chunk));
  incoming.pipe(upstream);
  if (isBroken) incoming.on("end", () => setTimeout(() => incoming.socket.destroy(), TIME_TO_ARRIVE_MS));
}
