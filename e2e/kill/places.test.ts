/** A server that dies in between two things that belong together: the next one finds a whole of them, and no run is lost. */
import { expect, test } from "vitest";
import { crashAndComeBack, crashAt, PLACES, type PlaceName } from "./places.ts";

const names = Object.keys(PLACES).filter((name): name is PlaceName => name in PLACES);

test.each(names)("the server dies when %s", async (name) => {
  const giveUp = name === "an attempt is given up, and the run not back in the queue";
  const { violations, lost, statuses } = await crashAndComeBack([crashAt(name)], giveUp ? { exit_at: 6 } : {});
  expect(violations).toEqual([]);
  expect(statuses).toEqual(["succeeded", "succeeded", "succeeded"]);
  expect(lost).toBe(giveUp ? 1 : 0);
});
