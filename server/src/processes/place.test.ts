import { describe, expect, test } from "vitest";
import { place, type WaitingRun } from "./place.ts";
import type { Decision, Room } from "./room.ts";
import type { Deployed, StandingProcess } from "./standing.ts";

const CPU: Room = { name: "cpu", kind: "cpu", processesMax: 2 };
const GPU: Room = { name: "cuda:0", kind: "gpu", processesMax: 1 };

function waiting(id: string, run: Partial<WaitingRun> = {}): WaitingRun {
  return {
    id,
    kind: "prediction",
    program: "models/sdxl",
    base: "emoji",
    whole: null,
    needs: "cpu",
    tries: 0,
    weights: null,
    deployment: null,
    ...run,
  };
}

function standing(id: string, process: Partial<StandingProcess> = {}): StandingProcess {
  const idle = {
    ready: true,
    leaving: false,
    training: false,
    predictions: 0,
    drawsFor: [],
    predictSlots: 1,
    idleSince: 0,
    loaded: null,
    asked: null,
  };
  return { id, program: "models/sdxl", base: "emoji", whole: null, device: "cpu", ...idle, ...process };
}

const start = (device: string, whole: string | null = null): Decision => {
  return { do: "start", program: "models/sdxl", base: "emoji", whole, device };
};
const assign = (runId: string, processId: string): Decision => ({ do: "assign", runId, processId });
const stop = (processId: string): Decision => ({ do: "stop", processId });

describe("who runs where", () => {
  const table: [
    what: string,
    runs: WaitingRun[],
    processes: StandingProcess[],
    devices: Room[],
    expected: Decision[],
  ][] = [
    ["nothing waits", [], [standing("p")], [CPU], []],
    ["the first run starts a process", [waiting("a")], [], [CPU], [start("cpu")]],
    ["a process on its way is waited for", [waiting("a")], [standing("p", { ready: false })], [CPU], []],
    [
      "a process that holds the base is taken first",
      [waiting("a")],
      [standing("o", { base: "other" }), standing("p")],
      [CPU],
      [assign("a", "p")],
    ],
    ["the oldest run goes first", [waiting("a"), waiting("b")], [standing("p")], [CPU], [assign("a", "p")]],
    ["a prediction waits for a process that draws", [waiting("a")], [standing("p", { predictions: 1 })], [CPU], []],
    [
      "a prediction beside a training that makes room goes to its process",
      [waiting("a")],
      [standing("p", { training: true })],
      [CPU],
      [assign("a", "p")],
    ],
    [
      "a prediction beside a training that makes none gets a process of its own",
      [waiting("a")],
      [standing("p", { training: true, predictSlots: 0 })],
      [CPU],
      [start("cpu")],
    ],
    [
      "or waits where there is no place for one",
      [waiting("a", { needs: "gpu" })],
      [standing("p", { training: true, predictSlots: 0, device: "cuda:0" })],
      [GPU],
      [],
    ],
    [
      "a prediction goes to an idle process rather than to one that trains",
      [waiting("a")],
      [standing("p", { training: true }), standing("q")],
      [CPU],
      [assign("a", "q")],
    ],
    [
      "a training that has its hands full of predictions is waited for",
      [waiting("a")],
      [standing("p", { training: true, predictions: 1 })],
      [CPU],
      [],
    ],
    [
      "a prediction that a process was lost over is let near no training",
      [waiting("a", { tries: 1 })],
      [standing("p", { training: true })],
      [CPU],
      [start("cpu")],
    ],
    [
      "a process takes as many predictions as it has slots",
      [waiting("a"), waiting("b"), waiting("c")],
      [standing("p", { predictions: 1, predictSlots: 3 })],
      [CPU],
      [assign("a", "p"), assign("b", "p")],
    ],
    [
      "predictions are spread over idle processes first",
      [waiting("a"), waiting("b"), waiting("c")],
      [standing("p", { predictSlots: 4 }), standing("q", { predictSlots: 4 })],
      [CPU],
      [assign("a", "p"), assign("b", "q"), assign("c", "p")],
    ],
    [
      "a training that waits for a process is not kept out by younger predictions",
      [waiting("a", { kind: "training", needs: "gpu" }), waiting("b", { needs: "gpu" })],
      [standing("p", { predictions: 1, predictSlots: 4, device: "cuda:0" })],
      [GPU],
      [],
    ],
    [
      "predictions behind a training that starts wait for it",
      [waiting("a", { kind: "training", needs: "gpu" }), waiting("b", { needs: "gpu" })],
      [standing("p", { predictSlots: 4, device: "cuda:0" })],
      [GPU],
      [assign("a", "p")],
    ],
    [
      "at most one training a device",
      [waiting("a", { kind: "training" })],
      [standing("p", { training: true }), standing("q")],
      [CPU],
      [],
    ],
    [
      "two trainings start one process and no more",
      [waiting("a", { kind: "training" }), waiting("b", { kind: "training" })],
      [],
      [CPU],
      [start("cpu")],
    ],
    [
      "a second device takes the second training",
      [waiting("a", { kind: "training" }), waiting("b", { kind: "training" })],
      [],
      [CPU, { ...CPU, name: "cpu:1" }],
      [start("cpu"), start("cpu:1")],
    ],
    [
      "the longest idle process gives way",
      [waiting("a", { base: "new" })],
      [standing("p", { idleSince: 20 }), standing("q", { idleSince: 10, base: "other" })],
      [CPU],
      [stop("q")],
    ],
    [
      "a process that has been told to go is waited for, and no second one is told",
      [waiting("a", { base: "new", needs: "gpu" })],
      [standing("p", { device: "cuda:0", leaving: true })],
      [GPU, CPU],
      [],
    ],
    [
      "no process that works is told to go",
      [waiting("a", { base: "new" })],
      [standing("p", { predictions: 1 }), standing("q", { training: true })],
      [CPU],
      [],
    ],
    [
      "a whole model in its base's place is a base of its own: the plain base's process does not draw it",
      [waiting("a", { whole: "w" })],
      [standing("p")],
      [CPU],
      [start("cpu", "w")],
    ],
    [
      "nor does a process that holds a whole model serve the plain base, or another whole model",
      [waiting("a"), waiting("b", { whole: "v" })],
      [standing("p", { whole: "w" })],
      [{ ...CPU, processesMax: 3 }],
      [start("cpu"), start("cpu", "v")],
    ],
    [
      "a process that holds the whole model is taken first",
      [waiting("a", { whole: "w" })],
      [standing("o"), standing("p", { whole: "w" })],
      [CPU],
      [assign("a", "p")],
    ],
    ["a run that needs a GPU goes to none but a GPU", [waiting("a", { needs: "gpu" })], [], [CPU], []],
    ["a run that needs a GPU finds it", [waiting("a", { needs: "gpu" })], [], [CPU, GPU], [start("cuda:0")]],
    [
      "a training that must wait does not hold up a prediction behind it",
      [waiting("a", { kind: "training" }), waiting("b")],
      [standing("p", { training: true }), standing("q")],
      [CPU],
      [assign("b", "q")],
    ],
  ];
  test.each(table)("%s", (_what, runs, processes, devices, expected) => {
    expect(place(runs, processes, devices)).toEqual(expected);
  });
});

describe("what is kept ready for deployments", () => {
  const deployed = (one: Partial<Deployed> = {}): Deployed => {
    const kind = { program: "models/sdxl", base: "emoji", whole: null, needs: "cpu" } as const;
    return { name: "you/toy", ...kind, weights: "w", min: 1, max: 1, ...one };
  };
  const load = (processId: string, weights: string | null = "w"): Decision => ({ do: "load", processId, weights });
  const W = { loaded: { weights: "w" } };
  const table: [
    what: string,
    runs: WaitingRun[],
    processes: StandingProcess[],
    devices: Room[],
    deployments: Deployed[],
    expected: Decision[],
  ][] = [
    ["a process is started before anybody asks", [], [], [CPU], [deployed()], [start("cpu")]],
    ["none is wanted, none is started", [], [], [CPU], [deployed({ min: 0 })], []],
    ["one that is on its way is waited for", [], [standing("p", { ready: false })], [CPU], [deployed()], []],
    ["an idle one is told to load", [], [standing("p")], [CPU], [deployed()], [load("p")]],
    ["one that has them is left alone", [], [standing("p", W)], [CPU], [deployed()], []],
    ["one that was told is not told again", [], [standing("p", { asked: { weights: "w" } })], [CPU], [deployed()], []],
    [
      "the base alone is something to load too",
      [],
      [standing("p", W)],
      [CPU],
      [deployed({ weights: null })],
      [load("p", null)],
    ],
    ["two are two", [], [standing("p", W)], [CPU], [deployed({ min: 2, max: 2 })], [start("cpu")]],
    [
      "no more are started than there is room for",
      [],
      [standing("p", W), standing("q", { base: "other", predictions: 1 })],
      [CPU],
      [deployed({ min: 2, max: 2 })],
      [],
    ],
    [
      "one that nobody needs gives way, one that is kept for another does not",
      [],
      [standing("p", W), standing("q", { base: "other" })],
      [CPU],
      [deployed(), deployed({ name: "you/hat", base: "third", weights: "h" })],
      [stop("q")],
    ],
    [
      "two deployments do not take a process from each other",
      [],
      [standing("p", W)],
      [GPU, { ...CPU, processesMax: 1 }],
      [deployed(), deployed({ name: "you/hat", weights: "h" })],
      [],
    ],
    [
      "a run that has no other place takes it, and it is loaded again later",
      [waiting("a", { base: "new" })],
      [standing("p", W)],
      [{ ...CPU, processesMax: 1 }],
      [deployed()],
      [stop("p")],
    ],
    [
      "of two idle ones, that with the weights answers",
      [waiting("a", { weights: "w", deployment: "you/toy" })],
      [standing("o"), standing("p", W)],
      [CPU],
      [deployed()],
      [assign("a", "p")],
    ],
    [
      "another version's prediction takes the one that is not kept",
      [waiting("a", { weights: "v" })],
      [standing("p", W), standing("q")],
      [CPU],
      [deployed()],
      [assign("a", "q")],
    ],
    [
      "no more draw for it than it may have",
      [waiting("a", { weights: "w", deployment: "you/toy" })],
      [standing("p", { ...W, predictions: 1, drawsFor: ["you/toy"] }), standing("q")],
      [CPU],
      [deployed()],
      [],
    ],
    [
      "two may draw where it may have two",
      [waiting("a", { weights: "w", deployment: "you/toy" })],
      [standing("p", { ...W, predictions: 1, drawsFor: ["you/toy"] }), standing("q")],
      [CPU],
      [deployed({ max: 2 })],
      [assign("a", "q")],
    ],
  ];
  test.each(table)("%s", (_what, runs, processes, devices, deployments, expected) => {
    expect(place(runs, processes, devices, deployments)).toEqual(expected);
  });
});
