/** A server that dies around the sending of a message: the next one sends it, under the id that it had. */
import { expect, test } from "vitest";
import { copyBuild } from "../support/build.ts";
import { startReceiver } from "../support/receiver.ts";
import { ECHO_VERSION } from "../support/server.ts";
import { crash } from "./places.ts";
import { untilTrue, World } from "./world.ts";

const SENDING = { file: "webhooks/attempt.js", find: "const outcome = await send(context, message, stopped);" };
const EDITS = [{ ...SENDING, replace: `${crash("unsent")}\n${SENDING.find}\n${crash("unnoted")}` }];

test("a run's end is told though the server dies before it is sent, and again before the answer is noted", async () => {
  const { url, received } = await startReceiver();
  const world = await World.make({ cpus: 1, build: copyBuild(EDITS) });
  const start = (place: string) => world.start({ env: { EASEL_TEST_CRASH: place, EASEL_FETCH_ALLOW: "127.0.0.1" } });
  const first = await start("unsent");
  const webhook_events_filter = ["completed" as const];
  const { id } = await first.client.predictions.create({
    version: ECHO_VERSION,
    input: { text: "hi" },
    webhook: url,
    webhook_events_filter,
  });
  await untilTrue("a crash before the message is sent", () => first.hasExited());
  expect(received).toEqual([]);
  // It may come to the place before it says that it listens.
  const second = await start("unnoted").catch(() => undefined);
  await untilTrue("a crash before the answer is noted", () => second === undefined || second.hasExited());
  const third = await start("nowhere");
  await untilTrue("the message for the second time", () => received.length === 2);
  const [one, two] = received;
  expect(two?.headers["webhook-id"]).toBe(one?.headers["webhook-id"]);
  expect(two?.body).toBe(one?.body);
  expect(JSON.parse(one?.body ?? "")).toMatchObject({ id, status: "succeeded" });
  await expect
    .poll(async () => (await third.client.webhooks.deliveries()).results, { timeout: 30_000 })
    .toMatchObject([{ id: one?.headers["webhook-id"], run: id, state: "delivered", attempts: 1 }]);
});
