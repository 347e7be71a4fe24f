/** Webhooks as their receivers meet them: asked for by Replicate's clients, and found genuine by both of them. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import Replicate, { validateWebhook } from "replicate";
import { expect, onTestFinished, test } from "vitest";
import { Oracle } from "../support/oracle.ts";
import { startReceiver } from "../support/receiver.ts";
import { ECHO_VERSION, startServer, TOKEN } from "../support/server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

const ASK_AND_VALIDATE = `
import json, os, sys
import replicate
from replicate.webhook import InvalidSignatureError, Webhooks

client = replicate.Client(api_token=os.environ["REPLICATE_API_TOKEN"], base_url=os.environ["BASE_URL"])
if sys.argv[1] == "ask":
    made = client.predictions.create(version=sys.argv[2], input={"text": "hi"}, webhook=sys.argv[3], webhook_events_filter=["completed"])
    print(made.id)
else:
    secret = client.webhooks.default.secret()
    message = json.loads(sys.argv[2])
    Webhooks.validate(headers=message["headers"], body=message["body"], secret=secret, tolerance=300)
    try:
        Webhooks.validate(headers=message["headers"], body=message["body"] + " ", secret=secret)
    except InvalidSignatureError:
        print("genuine")
`;

test("Replicate's clients for Node and Python ask for webhooks, and find what comes genuine", async () => {
  const folder = mkdtempSync(join(tmpdir(), "easel-webhooks-"));
  const server = await startServer({ data: join(folder, "data"), env: { EASEL_FETCH_ALLOW: "127.0.0.1" } });
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { url, received } = await startReceiver();
  const env = { ...process.env, REPLICATE_API_TOKEN: TOKEN, BASE_URL: server.url };
  const python = async (...args: string[]) =>
    (await run(join(ROOT, ".venv/bin/python"), ["-c", ASK_AND_VALIDATE, ...args], { env })).stdout.trim();

  const replicate = new Replicate({ auth: TOKEN, baseUrl: `${server.url}/v1` });
  const made = await replicate.predictions.create({
    version: ECHO_VERSION,
    input: { text: "hi" },
    webhook: url,
    webhook_events_filter: ["completed"],
  });
  const asked = [made.id, await python("ask", ECHO_VERSION, url)];
  await expect
    .poll(() => received.map(({ body }) => JSON.parse(body).id).sort(), { timeout: 30_000 })
    .toEqual(asked.sort());
  const oracle = new Oracle();
  expect(received.flatMap(({ body }) => oracle.judgeMessage(body))).toEqual([]);
  const { key } = await replicate.webhooks.default.secret.get();
  for (const { headers, body } of received) {
    const request = new Request(url, { method: "POST", headers: { ...headers, connection: "" }, body });
    expect(await validateWebhook(request, key)).toBe(true);
    expect(await python("validate", JSON.stringify({ headers, body }))).toBe("genuine");
  }

  const easel = async (...words: string[]) => {
    const settings = { ...process.env, EASEL_URL: server.url, EASEL_TOKEN: TOKEN };
    return run(process.execPath, [join(ROOT, "cli/bin/easel.js"), "webhooks", ...words], { env: settings });
  };
  const id = received[0]?.headers["webhook-id"] ?? "";
  expect((await easel("list")).stdout).toMatch(
    new RegExp(`${id} +completed +delivered +just now +200 in \\d+ ms +http`),
  );
  expect((await easel("resend", id)).stderr).toContain(`${id} goes to ${url} again.`);
  await expect.poll(() => received.map(({ headers }) => headers["webhook-id"]), { timeout: 30_000 }).toHaveLength(3);
  expect(received[2]?.headers["webhook-id"]).toBe(id);
});
