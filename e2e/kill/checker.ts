/**
 * Says what is wrong with a data folder in which every run has ended, by what the clients remember. Reads the database
 * and the folders only; knows nothing of how the server or the runner do their work.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  type Attempt,
  attemptFolder,
  blobPath,
  canonical,
  type Event,
  type Facts,
  hashOf,
  isEnded,
  journalLines,
  type Run,
  readFacts,
} from "./facts.ts";
import type { Entry } from "./history.ts";

/** One sentence for each violation; none when all is well. */
export function check(data: string, history: Entry[]): string[] {
  const facts = readFacts(data);
  return [
    ...acknowledgedThingsAreThere(facts, history),
    ...endsStay(facts, history),
    ...canceledRunsDoNotSucceed(facts, history),
    ...facts.runs.flatMap((run) => [...hasOneEnd(facts, run), ...keepsBounds(facts, run), ...isNumbered(facts, run)]),
    ...versionsBelongToTrainings(facts),
    ...facts.attempts.flatMap((attempt) => logEqualsJournal(facts, attempt)),
    ...reportedFilesAreThere(facts),
  ];
}

/** The row of an ended run, all that a client could see change. */
export function endOf(run: Run): string {
  return JSON.stringify([run.status, run.output, run.error, run.attempt, run.completed_at]);
}

function acknowledgedThingsAreThere(facts: Facts, history: Entry[]): string[] {
  const created = history.filter((entry) => entry.did === "create");
  const lost = created.filter(({ id }) => !facts.runs.some((run) => run.id === id));
  const damaged = history.filter(
    (entry) =>
      entry.did === "upload" &&
      (hashOf(blobPath(facts.data, entry.sha256)) !== entry.sha256 ||
        !facts.files.some((file) => file.id === entry.id && file.sha256 === entry.sha256)),
  );
  const twice = facts.runs.filter((run) => !created.some(({ id }) => id === run.id));
  return [
    ...lost.map((entry) => `${entry.kind} ${entry.id} was acknowledged and is gone`),
    ...damaged.map((entry) => `upload ${entry.id} was acknowledged and is gone or damaged`),
    ...twice.map((run) => `${run.kind} ${run.id} was made of a create that was answered with another run`),
  ];
}

function endsStay(facts: Facts, history: Entry[]): string[] {
  return history.flatMap((entry) => {
    const run = facts.runs.find(({ id }) => id === entry.id);
    if (entry.did !== "see end" || run === undefined || endOf(run) === entry.row) return [];
    return [`run ${run.id} had ended as ${entry.row} and is now ${endOf(run)}`];
  });
}

function canceledRunsDoNotSucceed(facts: Facts, history: Entry[]): string[] {
  const canceled = new Set(history.filter((entry) => entry.did === "cancel").map((entry) => entry.id));
  const succeeded = facts.runs.filter((run) => run.cancel_asked_at !== null && run.status === "succeeded");
  const forgotten = facts.runs.filter((run) => canceled.has(run.id) && !isEnded(run));
  return [
    ...succeeded.map((run) => `${run.kind} ${run.id} succeeded after its cancel was accepted`),
    ...forgotten.map((run) => `${run.kind} ${run.id} was canceled and is ${run.status}`),
  ];
}

const FINAL = new Set(["done", "failed", "canceled"]);

/** Ended, by its last attempt or by none; every attempt before it was lost; at most one last word is in the log. */
function hasOneEnd(facts: Facts, run: Run): string[] {
  const attempts = facts.attempts.filter((attempt) => attempt.run_id === run.id);
  const outcomes = attempts.map((attempt) => attempt.outcome);
  const allowed: Record<string, (string | null | undefined)[]> = {
    succeeded: ["succeeded"],
    failed: ["failed", "lost", undefined],
    canceled: ["canceled", "lost", undefined],
  };
  const words = facts.events.filter((event) => event.run_id === run.id && event.attempt > 0 && FINAL.has(event.type));
  const faults = [
    [isEnded(run), `is ${run.status}`],
    [allowed[run.status]?.includes(outcomes.at(-1)), `is ${run.status}, its attempts ${outcomes.join(", ")}`],
    [outcomes.slice(0, -1).every((outcome) => outcome === "lost"), `went on after an attempt that was not lost`],
    [attempts.length === run.attempt, `counts ${run.attempt} attempts and has ${attempts.length}`],
    [words.length <= 1, `has ${words.length} last words`],
  ] as const;
  return faults.filter(([well]) => !well).map(([, fault]) => `${run.kind} ${run.id} ${fault}`);
}

/** A prediction is tried twice, unless its process died before it came to its turn; a training as long as, of two attempts in a row, one got further than all before. */
function keepsBounds(facts: Facts, run: Run): string[] {
  const attempts = facts.attempts.filter((attempt) => attempt.run_id === run.id);
  const tooMany = `${run.kind} ${run.id} was tried ${attempts.length} times`;
  if (run.kind === "prediction") {
    const begun = attempts.filter((attempt) => journalLines(facts.data, attempt).length > 0);
    return begun.length > 2 ? [tooMany] : [];
  }
  let best = 0;
  let idle = 0;
  for (const attempt of attempts.slice(0, -1)) {
    idle = (attempt.state_step ?? 0) > best ? 0 : idle + 1;
    best = Math.max(best, attempt.state_step ?? 0);
    if (idle === 2) return [`${tooMany}, the last after two that got no further`];
  }
  return [];
}

/** Run-wide numbers, and each attempt's own, count from 1 without a gap. */
function isNumbered(facts: Facts, run: Run): string[] {
  const events = facts.events.filter((event) => event.run_id === run.id);
  const wrong = events.find((event, index) => event.number !== index + 1);
  const faults = wrong === undefined ? [] : [`run ${run.id} lacks the event before number ${wrong.number}`];
  for (const attempt of new Set(events.map((event) => event.attempt))) {
    const own = events.filter((event) => event.attempt === attempt);
    const gap = own.find((event, index) => event.seq !== index + 1);
    if (gap !== undefined) faults.push(`attempt ${attempt} of run ${run.id} has a gap or a swap at ${gap.seq}`);
  }
  return faults;
}

/** A succeeded training has one version with its weights whole; nothing else has one. */
function versionsBelongToTrainings(facts: Facts): string[] {
  const trained = facts.versions.filter((version) => version.training_id !== null);
  const strays = trained.filter(
    (version) => !facts.runs.some((run) => run.id === version.training_id && run.status === "succeeded"),
  );
  const faults = strays.map((version) => `version ${version.id} has no training that succeeded`);
  for (const run of facts.runs.filter((one) => one.kind === "training" && one.status === "succeeded")) {
    const own = trained.filter((version) => version.training_id === run.id);
    const [version] = own;
    if (own.length !== 1 || version === undefined) {
      faults.push(`training ${run.id} succeeded and has ${own.length} versions`);
    } else if (!run.output?.includes(version.id)) {
      faults.push(`training ${run.id} names another version than its own`);
    } else if (hashOf(blobPath(facts.data, version.weights_sha256 ?? "")) !== version.weights_sha256) {
      faults.push(`the weights of version ${version.id} are gone or damaged`);
    }
    if (!wasDrawn(facts, run)) faults.push(`training ${run.id} succeeded before a picture was drawn with its weights`);
  }
  return faults;
}

const FileBody = z.object({ file: z.object({ name: z.string() }) });

function wasDrawn(facts: Facts, run: Run): boolean {
  const own = facts.events.filter((event) => event.run_id === run.id && event.attempt === run.attempt);
  const drawn = own.findIndex(
    (event) => event.type === "artifact" && FileBody.parse(JSON.parse(event.body)).file.name.startsWith("check-0."),
  );
  return drawn >= 0 && drawn < own.findIndex((event) => event.type === "done");
}

/**
 * What is committed of an attempt is what its process wrote. All of it when the attempt ended by its own word; when it
 * was given up, all that was written until then, and nothing of what a process wrote that woke up later.
 */
function logEqualsJournal(facts: Facts, attempt: Attempt): string[] {
  const name = `attempt ${attempt.number} of run ${attempt.run_id}`;
  const committed = facts.events
    .filter((event) => event.run_id === attempt.run_id && event.attempt === attempt.number)
    .map(lineOf);
  const written = journalLines(facts.data, attempt);
  const due = attempt.outcome === "lost" ? written.filter((line) => atOf(line) <= (attempt.ended_at ?? "")) : written;
  const differs = committed.findIndex((line, index) => line !== canonical(due[index] ?? "null"));
  if (differs >= 0 && differs < due.length) {
    return [`${name}: event ${differs + 1} is ${committed[differs]} and its journal says ${due[differs]}`];
  }
  if (committed.length > due.length) {
    return [`${name}: ${committed.length} events are committed, ${due.length} were written while it was its turn`];
  }
  return committed.length < due.length ? [`${name}: ${committed.length} of ${due.length} events are committed`] : [];
}

function lineOf(event: Event): string {
  const { run_id: run, attempt, seq, type, at, body } = event;
  return canonical(
    JSON.stringify({ run, attempt, seq, type, at, ...z.record(z.string(), z.unknown()).parse(JSON.parse(body)) }),
  );
}

const Line = z.object({ at: z.string() });

/** To the millisecond, which is as fine as the server's own times. */
function atOf(line: string): string {
  return new Date(Line.parse(JSON.parse(line)).at).toISOString();
}

const Reported = z.object({ path: z.string(), sha256: z.string() });
const Naming = z.looseObject({ file: Reported.optional(), files: z.array(Reported).optional() });

/** Every file and training state that the log names is there, with its bytes. */
function reportedFilesAreThere(facts: Facts): string[] {
  return facts.events.flatMap((event) => {
    const folder = attemptFolder(facts.data, { run_id: event.run_id, number: event.attempt });
    const body = Naming.parse(JSON.parse(event.body));
    const files = [...(body.file ? [body.file] : []), ...(body.files ?? [])];
    const damaged = files.filter((file) => hashOf(join(folder, file.path)) !== file.sha256).map((file) => file.path);
    const state = event.type === "state" ? z.object({ path: z.string() }).parse(body).path : undefined;
    if (state !== undefined && !existsSync(join(folder, state, "state.json"))) damaged.push(state);
    return damaged.map((path) => `${path} of attempt ${event.attempt} of run ${event.run_id} is gone or damaged`);
  });
}
