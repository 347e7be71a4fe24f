/** Where a request comes from, as far as it can be told. Knows nothing of who asks. */
import { isIP } from "node:net";
import type { Context as Request } from "hono";
import { unmapped } from "./addresses.ts";
import { isLoopback } from "./config.ts";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";

/**
 * The address at the other end; of IPv6 the network, for whoever has one address there has them all. A proxy on this machine
 * says for whom it asks, last in X-Forwarded-For: it is believed where EASEL_PUBLIC_URL says that there is one. Undefined
 * where there is no connection any more.
 */
export function clientAddress(context: Context, c: Request<Env>): string | undefined {
  const peer = c.env?.incoming?.socket.remoteAddress;
  if (peer === undefined) return undefined;
  const address = unmapped(peer);
  if (context.config.publicUrl === undefined || !isLoopback(address)) return networkOf(address);
  const asked = unmapped(c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "");
  return networkOf(isIP(asked) === 0 ? address : asked);
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = [], tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const zeros = tail === undefined ? [] : Array<string>(8 - head.length - tail.length).fill("0");
  return `${[...head, ...zeros, ...(tail ?? [])].slice(0, 4).join(":")}::/64`;
}
