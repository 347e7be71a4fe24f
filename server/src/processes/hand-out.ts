/** Gives the runs that wait to model processes, and starts or ends these for it, as `place` decides. */
import type { Context } from "../context.ts";
import type { Builtin } from "../models/builtin.ts";
import { listAttempts } from "../runs/attempts.ts";
import { assignRun, runCommand } from "../runs/claim.ts";
import { countBegunAttempts } from "../runs/events.ts";
import { failWaitingRun, isStuck } from "../runs/finish.ts";
import { listProcessingRuns, listWaitingRuns, type RunRow } from "../runs/store.ts";
import type { Crew } from "./crew.ts";
import type { Device } from "./devices.ts";
import { type Decision, place, type StandingProcess, type WaitingRun } from "./place.ts";
import { startProcess } from "./spawn.ts";
import type { ProcessRow } from "./store.ts";

/** What this server can run, and on what. */
export interface Machine {
  builtins: Builtin[];
  devices: Device[];
  socketPath: string;
}

/** `processes` are all that live. */
export async function handOut(context: Context, crew: Crew, machine: Machine, processes: ProcessRow[]): Promise<void> {
  const waiting = (await listWaitingRuns(context.db)).filter((run) => run.cancel_asked_at === null);
  if (waiting.length === 0) return;
  const wanted = await Promise.all(
    waiting.map(async (run) => ({
      ...run,
      tries: run.attempt === 0 ? 0 : await countBegunAttempts(context.db, run.id),
      needs: needs(machine, run),
    })),
  );
  for (const run of wanted)
    if (!machine.devices.some((device) => device.kind === run.needs)) await failForDevice(context, run.id);
  const held = await listProcessingRuns(context.db);
  const standing = await Promise.all(processes.map((process) => view(context, crew, process, held)));
  for (const decision of place(wanted, standing, machine.devices))
    await carryOut(context, crew, machine, decision, processes);
}

function needs({ builtins }: Machine, run: Awaited<ReturnType<typeof listWaitingRuns>>[number]): WaitingRun["needs"] {
  const builtin = builtins.find(({ program, base }) => program === run.program && base === run.base);
  return builtin?.needs ?? run.needs ?? "cpu";
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
  const device = processes.find((process) => process.id === decision.processId)?.device ?? "";
  const label = machine.devices.find(({ name }) => name === device)?.label ?? device;
  const run = await assignRun(context, decision.runId, decision.processId, label);
  if (run === undefined) return;
  // Until it says that it makes room.
  if (run.kind === "training") crew.noteSlots(decision.processId, 0);
  crew.session(decision.processId)?.send(await runCommand(context, run));
}
