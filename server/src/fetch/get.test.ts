/**
 * Hostile URLs against real sockets. "The internet" is 127.0.0.2, which the operator of these tests allows; 127.0.0.1 and
 * this machine's own address stand for the network inside, and nobody may ever knock there.
 */
import { createSocket, type Socket as DnsSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readAddressList } from "../addresses.ts";
import type { Reach } from "./dial.ts";
import { get } from "./get.ts";
import { FetchRefused } from "./refusal.ts";

const OUTSIDE = "127.0.0.2";
const NEVER = new AbortController().signal;
const inside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;

let knocks: string[] = [];
/** The port of every canary, and of the server outside. */
let port = 0;
let outside: ReturnType<typeof createServer>;
const closing: (() => void)[] = [];
/** What the server outside does, by path. */
const pages: Record<string, (response: ServerResponse, request: IncomingMessage) => void> = {};
const asked: { url: string; headers: IncomingMessage["headers"] }[] = [];

beforeAll(async () => {
  outside = createServer((request, response) => {
    asked.push({ url: request.url ?? "", headers: request.headers });
    const page = pages[(request.url ?? "").split("?")[0] ?? ""];
    if (page === undefined) response.writeHead(404).end();
    else page(response, request);
  });
  await new Promise<void>((resolve) => outside.listen(0, OUTSIDE, resolve));
  closing.push(() => outside.close());
  port = (outside.address() as AddressInfo).port;
  for (const host of ["127.0.0.1", "::1", ...(inside === undefined ? [] : [inside])]) await listenForKnocks(host);
});
afterAll(() => {
  for (const close of closing) close();
});
beforeEach(() => {
  knocks = [];
  asked.length = 0;
});

async function listenForKnocks(host: string): Promise<void> {
  const canary = createTcpServer((socket) => {
    knocks.push(host);
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    canary.once("error", () => resolve()); // a machine without IPv6
    canary.listen(port, host, resolve);
  });
  closing.push(() => canary.close());
}

/** Names, each with its answers: one a question, the last again and again. */
function reach(names: Record<string, string[][]> = {}): Reach & { questions: string[] } {
  const questions: string[] = [];
  return {
    questions,
    allowed: readAddressList(OUTSIDE),
    resolveHost: async (hostname) => {
      const answers = names[hostname];
      const earlier = questions.filter((question) => question === hostname).length;
      questions.push(hostname);
      if (answers === undefined) throw Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
      return answers[Math.min(earlier, answers.length - 1)] ?? [];
    },
  };
}

async function fetchText(world: Reach, url: string, signal = NEVER): Promise<string> {
  const { body } = await get(world, url, signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function refusalOf(fetching: Promise<unknown>): Promise<string> {
  const error = await fetching.then(
    () => new Error("it was fetched"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof FetchRefused)) throw error;
  expect(knocks).toEqual([]);
  return error.message;
}

describe("addresses that are not the public internet's, in every spelling: nobody is connected to", () => {
  test.each([
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.000.000.001",
    "%31%32%37.0.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "0.0.0.0",
    "0",
    "0x0",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:10.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    ...(inside === undefined ? [] : [inside, `[::ffff:${inside}]`]),
  ])("%s", async (host) => {
    const world = reach();
    expect(await refusalOf(get(world, `http://${host}:${port}/x`, NEVER))).toMatch(/not allowed/);
    expect(world.questions).toEqual([]);
  });
});

describe("names that lead inside", () => {
  test.each<[string, string[]]>([
    ["localhost", ["127.0.0.1"]],
    ["localhost.", ["127.0.0.1"]],
    ["six.test", ["::1"]],
    ["mapped.test", ["::ffff:127.0.0.1"]],
    ["metadata.google.internal", ["169.254.169.254"]],
    ["one-of-two.test", [OUTSIDE, "127.0.0.1"]],
    ["mixed-families.test", [OUTSIDE, "::1"]],
    ["zone.test", ["fe80::1%lo"]],
    ["nonsense.test", ["not an address"]],
    ["127.0.0.1.nip.test", ["127.0.0.1"]],
  ])("%s", async (host, addresses) => {
    const world = reach({ [host]: [addresses] });
    expect(await refusalOf(get(world, `http://${host}:${port}/x`, NEVER))).toMatch(/not allowed/);
    expect(asked).toEqual([]);
  });

  test("a name that is answered otherwise the second time is asked once, and what was judged is dialled", async () => {
    pages["/file"] = (response) => response.end("the file");
    const world = reach({ "rebind.test": [[OUTSIDE], ["127.0.0.1"]] });
    expect(await fetchText(world, `http://rebind.test:${port}/file`)).toBe("the file");
    expect(world.questions).toEqual(["rebind.test"]);
    expect(asked[0]?.headers.host).toBe(`rebind.test:${port}`);
  });

  test("it is asked and judged again at each redirect", async () => {
    pages["/again"] = (response) => response.writeHead(302, { Location: `http://rebind.test:${port}/x` }).end();
    const world = reach({ "rebind.test": [[OUTSIDE], ["127.0.0.1"]] });
    expect(await refusalOf(get(world, `http://rebind.test:${port}/again`, NEVER))).toMatch(/not allowed/);
  });

  test("of several addresses the next is dialled when one does not answer", async () => {
    pages["/file"] = (response) => response.end("the file");
    const world = { ...reach({ "two.test": [["127.0.0.3", OUTSIDE]] }), allowed: readAddressList("127.0.0.2/31") };
    expect(await fetchText(world, `http://two.test:${port}/file`)).toBe("the file");
  });

  test("a name server that rebinds, and one that never answers", async () => {
    const dns = await listenDns(["127.0.0.2", "127.0.0.1"]);
    const world = { allowed: readAddressList(OUTSIDE), resolveHost: (name: string) => dns.resolver.resolve4(name) };
    pages["/file"] = (response) => response.end("the file");
    expect(await fetchText(world, `http://rebind.test:${port}/file`)).toBe("the file");
    expect(await refusalOf(get(world, `http://rebind.test:${port}/file`, NEVER))).toMatch(/not allowed/);
    const silent = { ...world, resolveHost: () => new Promise<string[]>(() => {}) };
    expect(await refusalOf(get(silent, "http://silent.test/", NEVER))).toMatch(/silent\.test could not be looked up/);
  }, 20_000);
});

describe("redirects", () => {
  test.each<[string, string, RegExp]>([
    ["to the machine itself", "http://127.0.0.1:{port}/", /127\.0\.0\.1:\d+ is an address that is not allowed/],
    ["to a cloud's metadata", "http://169.254.169.254/latest/meta-data/", /not allowed/],
    ["to a number", "http://2130706433:{port}/", /not allowed/],
    ["without a scheme", "//127.0.0.1:{port}/", /not allowed/],
    ["to a file", "file:///etc/passwd", /not by file/],
    ["to data", "data:text/plain,x", /not by data/],
    ["to gopher", "gopher://127.0.0.1:6379/_x", /not by gopher/],
    ["with a password", "http://user:secret@127.0.0.2:{port}/", /name or password/],
    ["to Redis", "http://127.0.0.2:6379/", /port/],
    ["to nonsense", "http://[", /no URL/],
    ["for ever", "/loop", /more than 3 times/],
  ])("%s", async (_what, location, words) => {
    const target = location.replace("{port}", String(port));
    pages["/go"] = (response) => response.writeHead(302, { Location: target }).end();
    pages["/loop"] = (response) => response.writeHead(307, { Location: "/loop" }).end();
    expect(await refusalOf(get(reach(), `http://${OUTSIDE}:${port}/go`, NEVER))).toMatch(words);
  });

  test("three are followed", async () => {
    for (const [from, to] of [
      ["/1", "/2"],
      ["/2", "/3"],
      ["/3", "/file"],
    ] as const) {
      pages[from] = (response) => response.writeHead(301, { Location: to }).end();
    }
    pages["/file"] = (response) => response.end("the file");
    expect(await fetchText(reach(), `http://${OUTSIDE}:${port}/1`)).toBe("the file");
  });
});

describe("what is no file on the web", () => {
  test.each<[string, RegExp]>([
    ["file:///etc/passwd", /not by file/],
    ["ftp://127.0.0.2/x", /not by ftp/],
    ["gopher://127.0.0.2/x", /not by gopher/],
    ["javascript:alert(1)", /not by javascript/],
    ["not a url", /no URL/],
    ["http://", /no URL/],
    ["http://user:secret@127.0.0.2/", /name or password in it is not fetched: 127\.0\.0\.2\./],
    ["http://127.0.0.2:22/", /port/],
    ["http://127.0.0.2:25/", /port/],
    ["http://127.0.0.2:6379/", /port/],
    ["http://127.0.0.2:11211/", /port/],
    ["http://127.0.0.2:1/", /port/],
    ["http://nowhere.test/", /nowhere\.test could not be looked up \(ENOTFOUND\)/],
    ["http://empty.test/", /There is no host empty\.test/],
  ])("%s", async (url, words) => {
    expect(await refusalOf(get(reach({ "empty.test": [[]] }), url, NEVER))).toMatch(words);
    expect(asked).toEqual([]);
  });

  test("an error, a closed port, a server of another kind, a body that breaks off: each names the host", async () => {
    const root = `http://${OUTSIDE}:${port}`;
    expect(await refusalOf(get(reach(), `${root}/gone`, NEVER))).toBe(
      `${OUTSIDE}:${port} answered 404 (Not Found), not a file.`,
    );
    const other = createTcpServer((socket) => socket.resume().end("220 smtp ready\r\n"));
    await new Promise<void>((resolve) => other.listen(0, OUTSIDE, resolve));
    const elsewhere = (other.address() as AddressInfo).port;
    expect(await refusalOf(get(reach(), `http://${OUTSIDE}:${elsewhere}/`, NEVER))).toMatch(/as a web server does/);
    await new Promise((resolve) => other.close(resolve));
    expect(await refusalOf(get(reach(), `http://${OUTSIDE}:${elsewhere}/`, NEVER))).toMatch(/ECONNREFUSED/);
    expect(await refusalOf(get(reach(), `https://${OUTSIDE}:${port}/`, NEVER))).toMatch(/does not answer/);
    pages["/cut"] = (response) => {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("half", () => response.destroy());
    };
    expect(await refusalOf(fetchText(reach(), `${root}/cut`))).toMatch(/stopped sending after 4 bytes/);
  });

  test("a fetch that is called off ends at once, before and in the body", async () => {
    const off = new AbortController();
    pages["/slow"] = (response) => response.write("x", () => setTimeout(() => off.abort(), 200));
    expect(await refusalOf(fetchText(reach(), `http://${OUTSIDE}:${port}/slow`, off.signal))).toMatch(/stopped/);
    pages["/never"] = () => setTimeout(() => later.abort(), 20);
    const later = new AbortController();
    expect(await refusalOf(get(reach(), `http://${OUTSIDE}:${port}/never`, later.signal))).toMatch(/does not answer/);
  });
});

test("no token, cookie or referrer goes along", async () => {
  pages["/file"] = (response) => response.end("the file");
  await fetchText(reach(), `http://${OUTSIDE}:${port}/file`);
  expect(Object.keys(asked[0]?.headers ?? {}).sort()).toEqual([
    "accept",
    "accept-encoding",
    "connection",
    "host",
    "user-agent",
  ]);
});

/** A name server that answers each question about an address with the next of these, and the resolver that asks it. */
async function listenDns(addresses: string[]): Promise<{ resolver: Resolver }> {
  const server: DnsSocket = createSocket("udp4");
  let count = 0;
  server.on("message", (question, from) => {
    const address = addresses[Math.min(count++, addresses.length - 1)] ?? "";
    const end = question.indexOf(0, 12) + 5;
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split(".").map(Number)]);
    const head = Buffer.from(question.subarray(0, end));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 6);
    head.writeUInt16BE(0, 10);
    server.send(Buffer.concat([head, answer]), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  return { resolver };
}
