/**
 * A connection to where a URL points, and nowhere else: every address of its name is judged, exactly the judged one is
 * dialled, and the other end is looked at once more before a byte is sent.
 */
import { once } from "node:events";
import { type BlockList, connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { mayReach, unmapped } from "../addresses.ts";
import { FetchRefused, notAllowed } from "./refusal.ts";

const RESOLVE_MS_MAX = 5000;
const CONNECT_MS_MAX = 10_000;
/** Services that a request could be made to talk to, besides all below 1024 but the web's own. */
const PORTS_REFUSED = new Set([
  1433, 1521, 2049, 2375, 2376, 2379, 3306, 3389, 4444, 5432, 5672, 5900, 5984, 5985, 6000, 6379, 6443, 6665, 6666,
  6667, 6668, 6669, 6697, 7001, 9042, 9092, 9200, 9300, 10_250, 11_211, 15_672, 25_565, 27_017, 50_070,
]);

/** All addresses of a name. */
export type ResolveHost = (hostname: string) => Promise<string[]>;

/** What fetching needs of its surroundings. */
export interface Reach {
  resolveHost: ResolveHost;
  /** Private addresses that the operator allows. */
  allowed: BlockList;
}

/** Throws FetchRefused; then nothing was sent to anybody. */
export async function dial(reach: Reach, url: URL, signal: AbortSignal): Promise<Socket> {
  const port = portOf(url);
  let failure: unknown;
  for (const address of await judgedAddresses(reach, url)) {
    try {
      const socket = await dialAddress(address, port, url, signal);
      return url.protocol === "https:" ? await encrypt(socket, url, signal) : socket;
    } catch (error) {
      if (error instanceof FetchRefused) throw error;
      failure = error;
    }
  }
  throw new FetchRefused(`${url.host} does not answer (${reasonOf(failure)}).`);
}

async function dialAddress(address: string, port: number, url: URL, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host: address, port, family: isIP(address), autoSelectFamily: false });
  try {
    await within(CONNECT_MS_MAX, signal, (limit) => once(socket, "connect", { signal: limit }));
    if (socket.remoteAddress === undefined || unmapped(socket.remoteAddress) !== unmapped(address))
      throw notAllowed(url.host);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function encrypt(socket: Socket, url: URL, signal: AbortSignal): Promise<Socket> {
  const host = bareHost(url);
  const secure = connectTls({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
  });
  try {
    await within(CONNECT_MS_MAX, signal, (limit) => once(secure, "secureConnect", { signal: limit }));
    return secure;
  } catch (error) {
    secure.destroy();
    throw error;
  }
}

/** A literal is judged as it is: no resolver is ever asked about one. One address that may not be reached spoils all. */
async function judgedAddresses({ resolveHost, allowed }: Reach, url: URL): Promise<string[]> {
  const host = bareHost(url);
  const addresses = isIP(host) === 0 ? await resolve(resolveHost, host) : [host];
  if (addresses.length === 0) throw new FetchRefused(`There is no host ${host}.`);
  if (!addresses.every((address) => mayReach(address, allowed))) throw notAllowed(url.host);
  return addresses;
}

async function resolve(resolveHost: ResolveHost, host: string): Promise<string[]> {
  try {
    return await within(RESOLVE_MS_MAX, undefined, () => resolveHost(host));
  } catch (error) {
    throw new FetchRefused(`The name ${host} could not be looked up (${reasonOf(error)}).`);
  }
}

function portOf(url: URL): number {
  if (url.port === "") return url.protocol === "https:" ? 443 : 80;
  const port = Number(url.port);
  const isOfTheWeb = port === 80 || port === 443 || port >= 1024;
  if (isOfTheWeb && !PORTS_REFUSED.has(port)) return port;
  throw new FetchRefused(`${url.host} names a port that the server does not connect to.`);
}

/** The host as a name or an address, without the brackets of IPv6. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** The work, or an error when it takes longer or the signal aborts. */
async function within<Result>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const time = AbortSignal.timeout(milliseconds);
  const limit = signal === undefined ? time : AbortSignal.any([time, signal]);
  const over = new Promise<never>((_resolve, reject) => {
    limit.addEventListener("abort", () => reject(new Error(time.aborted ? "timeout" : "stopped")));
  });
  over.catch(() => {});
  return Promise.race([work(limit), over]);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
