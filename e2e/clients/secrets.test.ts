/** A token is in no place but its owner's hands: not in the data, the log, a reply, a command line or a model's environment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { archiveOf } from "../support/archive.ts";
import { ECHO_VERSION, startServer, TOKEN } from "../support/server.ts";

const WRONG = "r8_zzzz56789abcdefghjkmnpqrstvwxyz012345";

test("whatever is asked with it, well or badly, a token is kept nowhere and told nobody", async () => {
  const data = mkdtempSync(join(tmpdir(), "easel-secrets-"));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const server = await startServer({ data, env: { EASEL_LOG_LEVEL: "debug", EASEL_METRICS: "on" } });
  const replies: string[] = [];
  const ask = async (token: string, method: string, path: string, body?: string) => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const reply = await fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    replies.push(JSON.stringify([...reply.headers]) + (await reply.text()));
  };
  const { client } = server;
  const made = await client.tokens.create({ name: "laptop" });
  const ada = await client.accounts.create({ name: "ada" });
  const tokens = [TOKEN, made.token, ada.token.token];

  await client.models.create({ owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const upload = { name: "a.tar", content: new Blob([await archiveOf(1)]) };
  const { urls } = await client.files.create(upload);
  const body = { destination: "you/toy", input: { input_images: urls.get, steps: 2 } };
  const training = await client.trainings.create("easel", "echo", ECHO_VERSION, body);
  for await (const _event of client.runs.events(training.id)) {
    // To its end.
  }
  for (const token of [...tokens, WRONG]) {
    await ask(token, "GET", "/v1/account");
    await ask(token, "GET", "/v1/tokens");
    await ask(token, "GET", "/v1/predictions/nothing");
    await ask(token, "GET", "/metrics");
    await ask(token, "POST", "/v1/predictions", "{");
    await ask(token, "POST", "/v1/predictions", JSON.stringify({ version: ECHO_VERSION, input: { fail: "as told" } }));
    await ask(token, "POST", "/v1/predictions", JSON.stringify({ version: ECHO_VERSION, input: { text: 7 }, x: 1 }));
  }
  const running = listProcesses(data);
  expect(running.length, "the model process is there to be looked at").toBeGreaterThan(0);
  await server.stop();

  const places = { data: filesBelow(data), log: [server.errors()], replies, processes: running };
  for (const [place, texts] of Object.entries(places)) {
    for (const secret of [...tokens, WRONG]) {
      expect(
        texts.filter((text) => text.includes(secret)),
        `${place} holds ${secret.slice(0, 7)}…`,
      ).toEqual([]);
    }
  }
});

/** Command line and environment of what works for this data folder, the server itself left out: it was given its token. */
function listProcesses(data: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [line, environment] = ["cmdline", "environ"].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, "latin1"),
        );
        return line?.includes(data) ? [`${line}\n${environment}`] : [];
      } catch {
        return [];
      }
    });
}

function filesBelow(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return paths.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, "latin1"));
}
