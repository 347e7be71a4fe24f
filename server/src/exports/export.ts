/**
 * Trained weights in the formats of other programs: made by a Python child when first asked for, kept as a blob, and made
 * once for all who ask at the same time. Whoever leaves early does not stop it. Knows nothing of HTTP or models' names.
 */
import { rm } from "node:fs/promises";
import { type Context, timestamp } from "../context.ts";
import { HttpError } from "../errors.ts";
import { sha256Hex } from "../ids.ts";
import { runExporter } from "./exporter.ts";
import { type ExportRow, insertExport, useExport } from "./store.ts";

/** Counts up when the same weights are written another way, so that what was kept before is not served on. */
const REVISION = 1;
/** One is made at a time, since a checkpoint of SDXL takes a minute of disk and a core; so many may wait. */
const WAITING_MAX = 8;

export interface ExportWanted {
  weights: { path: string; sha256: string };
  base: { name: string; folder: string };
  format: "diffusers" | "kohya" | "checkpoint";
  /** Of a LoRA's file, in millions of bytes. */
  maxMb: number | undefined;
  /** What the files are called. */
  title: string;
}

export class Exports {
  readonly #context: Context;
  readonly #underWay = new Map<string, Promise<ExportRow>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Throws 422 where these weights cannot be had so, and 503 where too many others wait. */
  async get(wanted: ExportWanted): Promise<ExportRow> {
    const key = keyOf(wanted);
    const kept = await useExport(this.#context.db, key, timestamp(this.#context));
    if (kept !== undefined && (await this.#context.blobs.keep(kept.sha256))) return kept;
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    if (this.#underWay.size >= WAITING_MAX) throw tooMany();
    const making = this.#turn.then(() => this.#make(key, wanted));
    this.#turn = making.catch(() => {});
    this.#underWay.set(key, making);
    making.catch(() => {}).finally(() => this.#underWay.delete(key));
    return making;
  }

  async #make(key: string, wanted: ExportWanted): Promise<ExportRow> {
    const { blobs, db } = this.#context;
    const file = blobs.incomingPath();
    try {
      const made = await runExporter(this.#context, wanted, file);
      await blobs.adopt(file, made.sha256);
      const at = timestamp(this.#context);
      const row = { key, weights_sha256: wanted.weights.sha256, ...made, created_at: at, used_at: at };
      await insertExport(db, row);
      return row;
    } finally {
      await rm(file, { force: true });
    }
  }
}

function keyOf({ weights, base, format, maxMb, title }: ExportWanted): string {
  return sha256Hex(JSON.stringify([REVISION, weights.sha256, base.name, format, maxMb ?? null, title]));
}

function tooMany(): HttpError {
  return new HttpError(503, `${WAITING_MAX} other exports wait already. Try again in a minute.`, { title: "Busy" });
}
