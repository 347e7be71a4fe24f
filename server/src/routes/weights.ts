/** `/v1/models/{owner}/{name}/versions/{id}/weights`: what was trained, as it is stored or in another program's format. */
import { createReadStream } from "node:fs";
import { RELATIVE_ERROR_HEADER, WeightsQuery } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { invalidInput, notFound, unprocessable } from "../errors.ts";
import { Exports } from "../exports/export.ts";
import type { ByteRange } from "../files/blobs.ts";
import { baseFilesOf } from "../models/bases.ts";
import type { Builtin } from "../models/builtin.ts";
import { requireModel, requireVersion } from "../models/resolve.ts";
import type { VersionRow } from "../models/versions.ts";
import { requireSnapshot } from "../runs/snapshots.ts";
import { sendBytes } from "./bytes.ts";

/** The one program whose tars the exporter reads. */
const TRAINER = "models/sdxl";

interface StoredFile {
  path: string;
  sha256: string;
  size: number;
}

export function weights(context: Context, builtins: Builtin[]): Hono<Env> {
  const exports = new Exports(context);
  const app = new Hono<Env>();

  app.get("/models/:owner/:name/versions/:version/weights", async (c) => {
    const query = readQuery(c.req.query());
    const model = await requireModel(context, c.get("account"), c.req.param("owner"), c.req.param("name"));
    const { version } = await requireVersion(context, builtins, model, c.req.param("version"));
    const stored = await findWeights(context, version, query.step);
    if (query.format === "replicate") {
      return sendFile(c, stored, describe(`${model.name}.tar`, "application/x-tar"));
    }
    if (version.program !== TRAINER || version.base === null) {
      const detail = `${model.owner}/${model.name} was not trained by Easel's own trainer: its weights come as they are. Leave format out, or give format=replicate.`;
      throw unprocessable("Cannot be exported", detail);
    }
    const made = await exports.get({
      weights: stored,
      base: { name: version.base, folder: baseFilesOf(context.config, version.base) },
      format: query.format,
      maxMb: query.max_mb,
      title: query.step === undefined ? model.name : `${model.name}-${query.step}`,
    });
    const type = made.name.endsWith(".zip") ? "application/zip" : "application/octet-stream";
    const headers = describe(made.name, type);
    if (made.error !== null) headers[RELATIVE_ERROR_HEADER] = made.error.toFixed(4);
    const file = { path: context.blobs.path(made.sha256), size: made.size, sha256: made.sha256 };
    return sendFile(c, file, headers);
  });

  return app;
}

function readQuery(query: Record<string, string>): WeightsQuery {
  const parsed = WeightsQuery.safeParse(query);
  if (parsed.success) return parsed.data;
  throw invalidInput(
    parsed.error.issues.map((issue) => ({
      type: issue.code,
      field: issue.path.join(".") || "query",
      description: issue.message,
    })),
  );
}

/** The version's tar, or that of a snapshot of its training. Throws 404 where there is none. */
async function findWeights(context: Context, version: VersionRow, step: number | undefined): Promise<StoredFile> {
  const { weights_sha256: sha256, weights_size: size } = version;
  if (sha256 === null || size === null) {
    throw notFound(
      "This version is a base: nothing was trained into it. Train it, or take the base's files themselves.",
    );
  }
  if (step === undefined) return { path: context.blobs.path(sha256), sha256, size };
  const training = version.training_id ?? version.snapshot_of;
  if (training !== null) return requireSnapshot(context, training, step);
  throw notFound(`There is no snapshot of step ${step}. None was kept: leave step out.`);
}

function sendFile(c: Request<Env>, file: StoredFile, headers: Record<string, string>): Response {
  const open = (range: ByteRange) => createReadStream(file.path, range);
  return sendBytes(c, { etag: file.sha256, size: file.size, headers, open });
}

function describe(name: string, type: string): Record<string, string> {
  return {
    "Content-Type": type,
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    "X-Content-Type-Options": "nosniff",
  };
}
