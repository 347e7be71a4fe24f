/**
 * Which addresses the server may be sent to by somebody's URL: those of the public internet, and what the operator allows.
 * Knows nothing of names or connections.
 */
import { BlockList, isIP } from "node:net";

/** IANA's special-purpose ranges, and those that carry an IPv4 address inside, which would be a way around. */
const IPV4_SPECIAL = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
const IPV6_SPECIAL = [
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

const special = makeList([...IPV4_SPECIAL, ...IPV6_SPECIAL]);

/** Addresses, or ranges such as 10.0.0.0/8, with commas between them. Throws a sentence about what is neither. */
export function readAddressList(text: string): BlockList {
  const entries = text.split(",").map((entry) => entry.trim());
  return makeList(entries.filter((entry) => entry !== ""));
}

/** Whether `address`, an IP literal, may be dialled. What is no address may not. */
export function mayReach(address: string, allowed: BlockList): boolean {
  const plain = unmapped(address);
  const family = familyOf(plain);
  if (family === undefined) return false;
  return allowed.check(plain, family) || !special.check(plain, family);
}

/** An IPv4 address in IPv6's clothes (::ffff:127.0.0.1) as what it is; an interface's name behind % is left off. */
export function unmapped(address: string): string {
  const [plain = ""] = address.split("%");
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(plain);
  if (mapped === null) return plain;
  if (mapped[1] !== undefined) return mapped[1];
  const [high, low] = [Number.parseInt(mapped[2] ?? "", 16), Number.parseInt(mapped[3] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? "ipv4" : "ipv6";
}

function makeList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry.split("/");
    const family = familyOf(address);
    const bits = prefix === undefined ? (family === "ipv4" ? 32 : 128) : Number(prefix);
    if (family === undefined || !Number.isInteger(bits) || bits < 0 || bits > (family === "ipv4" ? 32 : 128)) {
      throw new Error(`"${entry}" is neither an IP address nor a range of them, such as 10.0.0.0/8`);
    }
    list.addSubnet(address, bits, family);
  }
  return list;
}
