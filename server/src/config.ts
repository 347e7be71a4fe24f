/** Settings, read from the environment once, at the border. Everything below trusts them. */
import type { BlockList } from "node:net";
import { homedir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { readAddressList } from "./addresses.ts";
import { readDuration } from "./duration.ts";

/** The checkout: where models/, bases/ and runner/ stand. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Accounts without a token: their models are Easel's own. */
export const RESERVED_ACCOUNTS = ["easel", "stability-ai"];
/** First parts of the server's own paths; an account's pages stand under its name. */
export const PATH_NAMES = [
  ...["account", "accounts", "api", "assets", "collections", "deployments", "docs", "explore", "files", "health"],
  ...["login", "logout", "metrics", "models", "p", "predictions", "runs", "session", "settings", "tokens", "trainings"],
  ...["v1", "webhooks"],
];
const REPLICATES_RATE_LIMIT: RateLimit = { predictions: 600, others: 3000 };
const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

const Environment = z.object({
  EASEL_HOST: z.string().min(1).default("127.0.0.1"),
  EASEL_PORT: z.coerce.number().int().min(0).max(65535).default(7788),
  EASEL_DATA: z.string().min(1).optional(),
  EASEL_TOKEN: z.string().min(1).optional(),
  EASEL_PUBLIC_URL: z.url().optional(),
  EASEL_ACCOUNT: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/, "small letters, digits, '-', '_' and '.' only")
    .optional(),
  EASEL_SDXL_BASE: z.string().min(1).optional(),
  EASEL_SDXL_REFINER: z.string().min(1).optional(),
  EASEL_MAX_UPLOAD: z.coerce.number().int().positive().default(500_000_000),
  EASEL_FETCH_ALLOW: z.string().default(""),
  EASEL_RETENTION: z.string().default("keep"),
  EASEL_RATE_LIMIT: z.string().default("off"),
  EASEL_METRICS: z.enum(["on", "off"]).default("off"),
  EASEL_ALLOWED_HOSTS: z.string().default(""),
  EASEL_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("warn"),
});

export interface RateLimit {
  /** Creates of predictions. */
  predictions: number;
  others: number;
}

export interface Config {
  host: string;
  port: number;
  dataFolder: string;
  token: string | undefined;
  publicUrl: string | undefined;
  account: string;
  sdxlBase: string | undefined;
  sdxlRefiner: string | undefined;
  uploadBytesMax: number;
  allowedHosts: string[];
  /** Private addresses that URL inputs may reach. */
  fetchAllowed: BlockList;
  /** After how long the data of a prediction that has ended is removed; undefined: never. */
  retentionSeconds: number | undefined;
  /** What an account may ask a minute; undefined for as much as it likes. */
  rateLimit: RateLimit | undefined;
  /** Whether /metrics is there. */
  hasMetrics: boolean;
  logLevel: string;
  python: string;
  /** How long an attempt is believed alive without a word from its process. */
  leaseSeconds: number;
  /** How long a process that should stop may take before it is killed. */
  killGraceSeconds: number;
  /** How long a training may take no turn before it hangs; longer where its usual step is long. */
  hangSeconds: number;
}

/** Reads the settings; throws one sentence that names the setting when a value cannot be used. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`The setting ${String(issue?.path[0])} cannot be used: ${issue?.message}.`);
  }
  const env = parsed.data;
  const account = env.EASEL_ACCOUNT ?? systemAccount();
  if (RESERVED_ACCOUNTS.includes(account) || PATH_NAMES.includes(account))
    throw new Error(`EASEL_ACCOUNT cannot be "${account}": that name is taken by Easel itself.`);
  return {
    host: env.EASEL_HOST,
    port: env.EASEL_PORT,
    dataFolder: resolve(env.EASEL_DATA ?? join(homedir(), ".local", "share", "easel")),
    token: env.EASEL_TOKEN,
    publicUrl: env.EASEL_PUBLIC_URL?.replace(/\/+$/, ""),
    account,
    sdxlBase: env.EASEL_SDXL_BASE,
    sdxlRefiner: env.EASEL_SDXL_REFINER,
    uploadBytesMax: env.EASEL_MAX_UPLOAD,
    allowedHosts: env.EASEL_ALLOWED_HOSTS.split(",")
      .map((host) => host.trim().toLowerCase())
      .filter(Boolean),
    fetchAllowed: readFetchAllowed(env.EASEL_FETCH_ALLOW),
    retentionSeconds: readRetention(env.EASEL_RETENTION),
    rateLimit: readRateLimit(env.EASEL_RATE_LIMIT),
    hasMetrics: env.EASEL_METRICS === "on",
    logLevel: env.EASEL_LOG_LEVEL,
    python: join(ROOT, ".venv", "bin", "python"),
    leaseSeconds: 15,
    killGraceSeconds: 10,
    hangSeconds: 120,
  };
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host);
}

function readRetention(text: string): number | undefined {
  if (text === "keep") return undefined;
  const seconds = readDuration(text);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw new Error(
    'The setting EASEL_RETENTION cannot be used: it is "keep", or a time such as 1h (what Replicate has) or 30d.',
  );
}

function readRateLimit(text: string): RateLimit | undefined {
  if (text === "off") return undefined;
  if (text === "on") return REPLICATES_RATE_LIMIT;
  const [, predictions, others] = /^([1-9]\d{0,6}),([1-9]\d{0,6})$/.exec(text) ?? [];
  if (predictions !== undefined) return { predictions: Number(predictions), others: Number(others) };
  throw new Error(
    'The setting EASEL_RATE_LIMIT cannot be used: it is "off", "on", or how many predictions and how many other requests ' +
      "an account may send a minute, such as 600,3000.",
  );
}

function readFetchAllowed(text: string): BlockList {
  try {
    return readAddressList(text);
  } catch (error) {
    throw new Error(`The setting EASEL_FETCH_ALLOW cannot be used: ${error instanceof Error ? error.message : error}.`);
  }
}

/** The system user's name, made a valid account name. */
function systemAccount(): string {
  const name = userInfo()
    .username.toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "");
  if (name === "") return "me";
  return RESERVED_ACCOUNTS.includes(name) || PATH_NAMES.includes(name) ? `${name}-user` : name;
}
