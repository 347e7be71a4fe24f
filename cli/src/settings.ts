/** Which server to speak to, and by which token. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@easel/contract";
import { CommandFailure, UsageError } from "./failure.ts";

export interface Settings {
  /** Without `/v1`. */
  url: string;
  token: string | undefined;
  /** Where the token came from, for people. */
  tokenSource: string;
  dataFolder: string;
}

/** Reads the settings. On the server's own machine the token is found in the server's data folder. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const dataFolder = env.EASEL_DATA || join(homedir(), ".local", "share", "easel");
  const text = env.EASEL_URL || env.REPLICATE_BASE_URL || `http://127.0.0.1:${env.EASEL_PORT || 7788}`;
  const url = readUrl(text, env.EASEL_URL ? "EASEL_URL" : "REPLICATE_BASE_URL");
  const named = !env.EASEL_URL && env.REPLICATE_BASE_URL ? env.REPLICATE_API_TOKEN : undefined;
  const path = join(dataFolder, "token");
  // A token meant for replicate.com comes last: it may stand in anyone's environment.
  const sources: [string, string | undefined][] = [
    ["EASEL_TOKEN", env.EASEL_TOKEN],
    ["REPLICATE_API_TOKEN", named],
    [path, isLoopback(url) ? readToken(path) : undefined],
    ["REPLICATE_API_TOKEN", env.REPLICATE_API_TOKEN],
  ];
  const [tokenSource, token] = sources.find(([, value]) => value) ?? ["", undefined];
  return { url, token, tokenSource, dataFolder };
}

/** A client for the server of the settings; without a token there is nothing to be asked of it. */
export function connect(settings: Settings = readSettings()): Client {
  if (settings.token === undefined) {
    throw new CommandFailure(
      "No API token was found.",
      `The server prints one at its first start (\`npm start\`): set EASEL_TOKEN to it. On the server's own machine it is found in ${join(settings.dataFolder, "token")}.`,
    );
  }
  return createClient({ baseUrl: settings.url, token: settings.token });
}

function readUrl(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`${name} is "${text}", which is no http address.`, "Write it like http://127.0.0.1:7788.");
  }
  return text.replace(/\/+$/, "").replace(/\/v1$/, "");
}

export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
