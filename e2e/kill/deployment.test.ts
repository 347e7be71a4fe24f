/** A deployment's processes stand ready before anybody asks, and a server that is started again sees to it anew. */
import { expect, test } from "vitest";
import { train } from "./clients.ts";
import { untilTrue, World } from "./world.ts";

test("the first prediction of a deployment loads nothing, after a restart neither", async () => {
  const world = await World.make({ cpus: 1, env: { EASEL_LOG_LEVEL: "info" } });
  await world.start();
  await train(world, 1, { steps: 3, token_string: "HAT" });
  await world.untilEnded();
  const [version] = world.facts().versions.filter((one) => one.training_id !== null);
  if (version === undefined) throw new Error("The training has no version.");
  const { deployments } = world.server.client;
  const wanted = { hardware: "cpu", min_instances: 1, max_instances: 1 };
  await deployments.create({ name: "hat", model: "you/toy", version: version.id, ...wanted });
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    // Nothing is left of what was loaded before but the wish.
    for (const { pid } of world.processes()) process.kill(pid, "SIGKILL");
    await untilTrue("their end", () => world.processes().length === 0);
    await world.server.stop(signal);
    await world.start();
    await untilTrue("a process that is ready", () =>
      world.server.errors().includes(`"weights":"${version.weights_sha256}"`),
    );
    const prediction = await world.server.client.deployments.predict("you", "hat", { input: { format: "txt" } });
    await world.untilEnded();
    const stages = world.facts().events.filter((event) => event.run_id === prediction.id && event.type === "stage");
    expect(stages.map(({ body }) => JSON.parse(body).name)).toEqual(["predicting"]);
    expect(world.processes()).toHaveLength(1);
  }
});
