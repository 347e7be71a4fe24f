/** The server: whether it runs, on which port it could, and whether it takes our token. */
import { createServer } from "node:net";
import { ApiError, ConnectionError } from "@easel/contract";
import { connect, isLoopback, type Settings } from "../settings.ts";
import type { Finding } from "./finding.ts";

export async function checkServer(settings: Settings): Promise<Finding[]> {
  const answer = await fetch(`${settings.url}/health/ready`, { signal: AbortSignal.timeout(5000) }).catch(
    () => undefined,
  );
  if (answer === undefined) return [await checkAbsent(settings)];
  const text = (await answer.text()).slice(0, 200);
  if (!answer.ok) {
    const fix = "The server's log says more; if another program listens there, set EASEL_PORT.";
    return [{ check: "server", status: "fail", detail: `${settings.url} answers ${answer.status}: ${text}`, fix }];
  }
  return [{ check: "server", status: "ok", detail: `${settings.url} is ready` }, await checkToken(settings)];
}

/** No server is no failure on its own machine, where it can be started: unless its port is taken. */
async function checkAbsent({ url }: Settings): Promise<Finding> {
  if (!isLoopback(url)) {
    return {
      check: "server",
      status: "fail",
      detail: `${url} does not answer`,
      fix: "Look at the address in EASEL_URL, and at that machine.",
    };
  }
  const port = Number(new URL(url).port || 80);
  const fault = await tryPort(port);
  if (fault === undefined) {
    return { check: "server", status: "warn", detail: `not running; port ${port} is free`, fix: "Start it: npm start" };
  }
  return {
    check: "server",
    status: "fail",
    detail: `port ${port} cannot be used (${fault})`,
    fix: "Choose another in EASEL_PORT.",
  };
}

function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}

async function checkToken(settings: Settings): Promise<Finding> {
  const check = "token";
  if (settings.token === undefined) {
    return {
      check,
      status: "fail",
      detail: "none was found",
      fix: "Set EASEL_TOKEN to what the server printed at its first start.",
    };
  }
  try {
    const { username } = await connect(settings).account.get();
    return { check, status: "ok", detail: `from ${settings.tokenSource}, account ${username}` };
  } catch (error) {
    if (error instanceof ConnectionError) return { check, status: "fail", detail: error.message, fix: "Try again." };
    if (!(error instanceof ApiError)) throw error;
    const fix = `Set EASEL_TOKEN to what the server printed, or unset it on the server's own machine.`;
    return { check, status: "fail", detail: `${error.message} (from ${settings.tokenSource})`, fix };
  }
}
