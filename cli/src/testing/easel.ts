/** Runs the built command line as a process of its own, against a server that answers from a table. */
import { execFileSync, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Builds what is run, so that no test sees yesterday's program. */
export function buildCli(): void {
  execFileSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-b", `${ROOT}cli`]);
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `interruptAt`: sends Ctrl-C once this text stands on stderr. */
export interface Circumstances {
  env?: Record<string, string>;
  cwd?: string;
  interruptAt?: string;
}

export function easel(words: string[], { env = {}, cwd, interruptAt }: Circumstances): Promise<Ended> {
  const child = spawn(process.execPath, [`${ROOT}cli/bin/easel.js`, ...words], {
    cwd,
    env: { PATH: process.env.PATH, EASEL_DATA: "/nowhere", EASEL_TOKEN: "secret", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    ended.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    const before = ended.stderr;
    ended.stderr += text;
    if (interruptAt === undefined || before.includes(interruptAt) || !ended.stderr.includes(interruptAt)) return;
    // npx passes on what the terminal has sent already.
    child.kill("SIGINT");
    child.kill("SIGINT");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...ended, code }));
  });
}

export interface Asked {
  method: string;
  path: string;
  body: string;
  headers: IncomingMessage["headers"];
}

/** What a route answers: JSON, or whatever it writes itself. */
export type Route = (response: ServerResponse, asked: Asked) => unknown;

/** A server whose routes are named `GET /v1/account`; others are 404. */
export async function serve(routes: Record<string, Route>) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const question = { method, path: url, body: Buffer.concat(chunks).toString("latin1"), headers };
    asked.push(question);
    const answer = routes[`${method} ${url.split("?")[0]}`];
    if (answer === undefined) return sendJson(response, 404, { detail: "The requested resource could not be found." });
    const value = await answer(response, question);
    if (value !== undefined) sendJson(response, 200, value);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** Sends events as the server does; leaves the stream open where the last one is not `done`. */
export function sendEvents(response: ServerResponse, events: { type: string; data: object }[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [index, { type, data }] of events.entries()) {
    response.write(`id: ${index + 1}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }
  if (events.at(-1)?.type === "done") response.end();
}
