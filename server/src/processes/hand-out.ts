/** Gives the runs that wait to model processes, and starts or ends these for it, as `place` decides. */
import type { Context } from "../context.ts";
import type { Builtin } from "../models/builtin.ts";
import { listDeployedVersions } from "../models/deployments.ts";
import { listAttempts } from "../runs/attempts.ts";
import { assignRun, runCommand } from "../runs/claim.ts";
import { countBegunAttempts } from "../runs/events.ts";
import { failWaitingRun, isStuck } from "../runs/finish.ts";
import { listProcessingRuns } from "../runs/leases.ts";
import { listWaitingRuns } from "../runs/queue.ts";
import type { RunRow } from "../runs/store.ts";
import type { Crew } from "./crew.ts";
import type { Device } from "./devices.ts";
import { place, type WaitingRun } from "./place.ts";
import type { Decision } from "./room.ts";
import { startProcess } from "./spawn.ts";
import type { Deployed, StandingProcess } from "./standing.ts";
import type { ProcessRow } from "./store.ts";

/** What this server can run, and on what. */
export interface Machine {
  builtins: Builtin[];
  devices: Device[];
  socketPath: string;
}

/** `processes` are all that live. */
export async function handOut(context: Context, crew: Crew, machine: Machine, processes: ProcessRow[]): Promise<void> {
  const deployed = await listDeployed(context, machine);
  const waiting = (await listWaitingRuns(context.db)).filter((run) => run.cancel_asked_at === null);
  if (waiting.length === 0 && deployed.every(({ min }) => min === 0)) return;
  const wanted = await Promise.all(
    waiting.map(async (run) => ({
      ...run,
      weights: run.weights_sha256,
      tries: run.attempt === 0 ? 0 : await countBegunAttempts(context.db, run.id),
      needs: needs(machine, run),
    })),
  );
  for (const run of wanted)
    if (!machine.devices.some((device) => device.kind === run.needs)) await failForDevice(context, run.id);
  const held = await listProcessingRuns(context.db);
  const standing = await Promise.all(processes.map((process) => view(context, crew, process, held)));
  for (const decision of place(wanted, standing, machine.devices, deployed))
    await carryOut(context, crew, machine, decision, processes);
}

async function listDeployed(context: Context, machine: Machine): Promise<Deployed[]> {
  const rows = await listDeployedVersions(context.db);
  return rows.map((row) => ({
    name: row.deployment,
    program: row.program,
    base: row.base,
    whole: row.replaces_base === 1 ? row.weights_sha256 : null,
    weights: row.weights_sha256,
    needs: needs(machine, row),
    min: row.min_instances,
    max: row.max_instances,
  }));
}

function needs({ builtins }: Machine, version: Needing): WaitingRun["needs"] {
  const builtin = builtins.find(({ program, base }) => program === version.program && base === version.base);
  return builtin?.needs ?? version.needs ?? "cpu";
}

interface Needing {
  program: string;
  base: string | null;
  needs: WaitingRun["needs"] | null;
}

/** A training that lost its process and got no further by it is left alone: a prediction beside it may be what did it. */
async function view(context: Context, crew: Crew, process: ProcessRow, held: RunRow[]): Promise<StandingProcess> {
  const seen = crew.view(process, held);
  const training = held.find((run) => run.process_id === process.id && run.kind === "training" && run.attempt > 1);
  if (training === undefined || !isStuck(await listAttempts(context.db, training.id))) return seen;
  return { ...seen, predictSlots: 0 };
}

/** No device of this machine will ever do: said at once rather than waited for. */
async function failForDevice(context: Context, runId: string): Promise<void> {
  const error =
    "This model needs an NVIDIA GPU, and this machine has none that its driver shows (nvidia-smi). Use easel/emoji, which runs on any CPU, or a machine that has one.";
  await failWaitingRun(context, runId, { error, error_code: "no_device" });
}

async function carryOut(
  context: Context,
  crew: Crew,
  machine: Machine,
  decision: Decision,
  processes: ProcessRow[],
): Promise<void> {
  if (decision.do === "start") {
    const id = await startProcess(context, decision, machine.socketPath, (id, signal) => {
      crew.noteExit(id, signal);
      context.watch.poke("queue");
    });
    crew.noteStart(id);
    return;
  }
  if (decision.do === "stop") {
    crew.leaving.set(decision.processId, context.now());
    crew.session(decision.processId)?.send({ type: "shutdown" });
    return;
  }
  if (decision.do === "load") {
    const { processId, weights } = decision;
    crew.noteAsked(processId, weights);
    const file = weights === null ? null : { path: context.blobs.path(weights), sha256: weights };
    crew.session(processId)?.send({ type: "load", weights: file });
    return;
  }
  const device = processes.find((process) => process.id === decision.processId)?.device ?? "";
  const label = machine.devices.find(({ name }) => name === device)?.label ?? device;
  const run = await assignRun(context, decision.runId, decision.processId, label);
  if (run === undefined) return;
  // Until it says that it makes room.
  if (run.kind === "training") crew.noteSlots(decision.processId, 0);
  crew.session(decision.processId)?.send(await runCommand(context, run));
}
