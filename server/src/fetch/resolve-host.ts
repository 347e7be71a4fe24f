/** Names to addresses, as this machine looks them up. */
import { lookup } from "node:dns/promises";

export async function resolveHost(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}
