/** A server that dies in between two things that belong together: the next one finds a whole of them, and no run is lost. */
import { expect, test } from "vitest";
import { crashAndComeBack, crashAt, PLACES, type PlaceName } from "./places.ts";

const GIVEN_UP = "an attempt is given up, and the run not back in the queue";
const ALL_WELL = { violations: [], statuses: ["succeeded", "succeeded", "succeeded"], lost: 0 };

test("a server that dies at each place on a run's way tears nothing apart", async () => {
  const names = Object.keys(PLACES).filter((name): name is PlaceName => name in PLACES && name !== GIVEN_UP);
  expect(await crashAndComeBack(names.map(crashAt), names)).toEqual(ALL_WELL);
});

test("a server that dies while it ends a training and publishes its version does both later", async () => {
  const place = "a training is ended, and its version not published";
  expect(await crashAndComeBack([crashAt(place)], [place])).toEqual(ALL_WELL);
});

test("a server that dies while it gives up an attempt gives it up once", async () => {
  // Without room: a prediction between two steps would be lost along with the training.
  const input = { exit_at: 6, makes_room: false };
  const outcome = await crashAndComeBack([crashAt(GIVEN_UP)], [GIVEN_UP], input);
  expect(outcome).toEqual({ ...ALL_WELL, lost: 1 });
});
