/** Somebody's webhook receiver: keeps what comes and answers 200, until the test ends. */
import { createServer } from "node:http";
import { onTestFinished } from "vitest";
import { freePort } from "./server.ts";

export interface Received {
  /** Names in small letters. */
  headers: Record<string, string>;
  body: string;
}

export async function startReceiver(): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    received.push({ headers, body: Buffer.concat(chunks).toString("utf8") });
    response.end("thanks");
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  return { url: `http://127.0.0.1:${port}/hook?user=7`, received };
}
