/** Which processes are made ready for deployments: loaded with their weights before anybody asks. */
import type { World } from "./room.ts";
import { type Deployed, isIdle, isKept, keeps } from "./standing.ts";

/** Sees to it that as many processes as the deployment wants are ready for it, without taking any from a run or another. */
export function keepWarm(world: World, one: Deployed): void {
  const mine = world.of(one);
  const coming = mine.filter((process) => !process.ready).length;
  let missing = one.min - mine.filter((process) => process.ready && keeps(process, one)).length;
  const spare = mine.filter((process) => process.ready && isIdle(process) && !isKept(process, world.deployed));
  for (const process of spare.slice(0, Math.max(0, missing))) {
    world.decisions.push({ do: "load", processId: process.id, weights: one.weights });
    process.asked = { weights: one.weights };
    missing -= 1;
  }
  for (missing -= coming; missing > 0; missing--) {
    if (world.makeProcess(one, (room) => room.kind === one.needs, true) === undefined) return;
  }
}
