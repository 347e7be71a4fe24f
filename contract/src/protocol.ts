/**
 * What a model process and the server say to each other: JSON lines over a socket that the process dials.
 * `fixtures/*.jsonl` hold a line of each kind and are read by the tests of both languages.
 */
import { z } from "zod";

/** The longest line either side accepts. */
export const LINE_BYTES_MAX = 1_000_000;

const runId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{26}$/);
const attempt = z.int().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A path inside the attempt's folder: it can neither be absolute nor climb out. */
const relativePath = z
  .string()
  .min(1)
  .max(1024)
  .refine((path) => !path.startsWith("/") && !path.split("/").includes("..") && !path.includes("\0"), {
    message: "must stay inside the attempt's folder",
  });

/** A file that an attempt has written and fsynced. */
export const ReportedFile = z.object({
  name: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^/\0]+$/),
  path: relativePath,
  sha256,
  size: z.int().min(0),
  contentType: z.string().max(255),
});
export type ReportedFile = z.infer<typeof ReportedFile>;

/** How many runs of each kind a model process can hold at once. */
const slots = { train: z.int().min(0), predict: z.int().min(0) };

/** What it is ready to predict with, if with anything: weights by their hash, or the base alone. */
const loaded = z.object({ weights: sha256.nullable() }).nullable().default(null);

export const Hello = z.object({
  type: z.literal("hello"),
  protocol: z.literal(1),
  process: z.string().min(1).max(64),
  model: z.string(),
  base: z.string().nullable(),
  device: z.string(),
  pid: z.int().positive(),
  slots: z.object(slots),
  loaded,
  runs: z.array(z.object({ run: runId, attempt, lastSeq: z.int().min(0) })),
});
export type Hello = z.infer<typeof Hello>;

const event = { run: runId, attempt, seq: z.int().min(1), at: z.iso.datetime() };

/** Everything that an attempt can report. `seq` counts from 1 in each attempt and has no gaps. */
export const ProcessEvent = z.discriminatedUnion("type", [
  z.object({
    ...event,
    type: z.literal("stage"),
    name: z.string().max(200),
    done: z.number().optional(),
    total: z.number().optional(),
  }),
  z.object({ ...event, type: z.literal("log"), text: z.string() }),
  z.object({ ...event, type: z.literal("progress"), step: z.number(), total: z.number() }),
  z.object({
    ...event,
    type: z.literal("metric"),
    step: z.number(),
    values: z.record(z.string(), z.number().nullable()),
  }),
  z.object({
    ...event,
    type: z.literal("sample"),
    step: z.number(),
    prompt: z.string(),
    seed: z.number(),
    file: ReportedFile,
  }),
  z.object({ ...event, type: z.literal("artifact"), file: ReportedFile }),
  z.object({ ...event, type: z.literal("state"), step: z.number(), path: relativePath }),
  z.object({ ...event, type: z.literal("snapshot"), step: z.number(), file: ReportedFile }),
  z
    .object({
      ...event,
      type: z.literal("output"),
      files: z.array(ReportedFile).optional(),
      value: z.json().optional(),
    })
    .refine((output) => (output.files === undefined) !== (output.value === undefined), { message: "files or value" }),
  // One of an iterator's outputs, as it came: a run that has some has no output besides.
  z
    .object({ ...event, type: z.literal("chunk"), file: ReportedFile.optional(), value: z.json().optional() })
    .refine((chunk) => (chunk.file === undefined) !== (chunk.value === undefined), { message: "file or value" }),
  z.object({ ...event, type: z.literal("done"), seconds: z.number().min(0) }),
  z.object({ ...event, type: z.literal("failed"), code: z.string().max(100), error: z.string() }),
  z.object({ ...event, type: z.literal("canceled") }),
  // The attempt is over without a result, but another may have one: the process that says so is about to end.
  z.object({ ...event, type: z.literal("lost"), code: z.string().max(100), error: z.string() }),
]);
export type ProcessEvent = z.infer<typeof ProcessEvent>;
export type EventType = ProcessEvent["type"];

/** Sent every few seconds and kept in no journal: the process lives, whatever its runs have to say. */
export const Alive = z.object({ type: z.literal("alive") });

/** What it can take or has loaded has changed: a training has begun, makes room for predictions, or is over. In no journal either. */
export const Slots = z.object({ type: z.literal("slots"), ...slots, loaded });
export type Slots = z.infer<typeof Slots>;

/** A line from a model process: its greeting, something about itself, or something that happened in one of its runs. */
export const ProcessLine = z.union([Hello, Alive, Slots, ProcessEvent]);
export type ProcessLine = z.infer<typeof ProcessLine>;

const localFile = z.object({ path: z.string(), sha256 });

export const RunCommand = z.object({
  type: z.literal("run"),
  id: runId,
  attempt,
  kind: z.enum(["training", "prediction"]),
  input: z.record(z.string(), z.json()),
  files: z.record(z.string(), localFile),
  weights: localFile.nullable(),
  state: z.object({ path: z.string(), step: z.number() }).nullable(),
  folder: z.string(),
});
export type RunCommand = z.infer<typeof RunCommand>;

/** A line to a model process. `refused` says that an attempt is over for the server: stop it, report nothing more. */
export const Command = z.discriminatedUnion("type", [
  RunCommand,
  z.object({ type: z.literal("ack"), run: runId, attempt, seq: z.int().min(0) }),
  z.object({ type: z.literal("refused"), run: runId, attempt }),
  z.object({ type: z.literal("cancel"), run: runId, attempt }),
  z.object({ type: z.literal("stop-and-keep"), run: runId, attempt }),
  // Said again until a state comes; one that was asked for at the same time is the same wish.
  z.object({ type: z.literal("save-state"), run: runId, attempt, asked: z.iso.datetime() }),
  // Be ready for predictions with these weights, when there is nothing else to do.
  z.object({ type: z.literal("load"), weights: localFile.nullable() }),
  z.object({ type: z.literal("shutdown") }),
]);
export type Command = z.infer<typeof Command>;
