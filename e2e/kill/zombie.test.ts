/** SIGSTOP past the lease, SIGCONT when another attempt runs: whatever the zombie then writes is refused, and it goes. */
import { expect, test } from "vitest";
import { wakeZombie } from "./zombie.ts";

test("a process that wakes up after its lease can write nothing, and ends by itself", async () => {
  const zombie = await wakeZombie();
  console.log(`the zombie was gone ${zombie.goneSeconds.toFixed(1)} s after it woke up`);
  expect(zombie.violations).toEqual([]);
  expect(zombie.attempts).toEqual(["lost", "succeeded"]);
  expect(zombie.wroteAfter).toContain("events.jsonl");
  expect(zombie.committedAfter).toBe(0);
  const shown = await shownFiles(zombie.world.server.client.runs.events(zombie.id));
  expect(shown.length).toBeGreaterThan(10);
  for (const name of zombie.wroteAfter) expect(shown).not.toContain(`1/${name}`);
  const training = await zombie.world.server.client.trainings.get(zombie.id);
  expect(training.output?.weights).toContain(`/runs/${zombie.id}/files/2/`);
});

/** `attempt/path` of every file that a client is shown. */
async function shownFiles(events: AsyncIterable<unknown>): Promise<string[]> {
  let text = "";
  for await (const event of events) text += JSON.stringify(event);
  return [...text.matchAll(/\/files\/(\d+\/[^"?]+)/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}
