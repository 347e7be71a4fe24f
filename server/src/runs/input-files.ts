/**
 * The files among a run's inputs. A URL of a file on this server, uploaded or made by a run, is found by its path, whatever its host; a data: URI is
 * stored as a file of its own and echoed by its path; any other URL is left to be fetched. The model process later gets
 * local paths only.
 */
import { Readable } from "node:stream";
import { type RunInput, replaceAt } from "@easel/contract";
import { type Context, timestamp } from "../context.ts";
import { type HttpError, invalidInput } from "../errors.ts";
import { resolveFileUrl } from "../files/resolve.ts";
import { insertFile } from "../files/store.ts";
import { newFileId } from "../ids.ts";
import { filesAmong } from "../models/input.ts";
import type { VersionSchema } from "../models/schema.ts";
import type { RunFiles } from "./claim.ts";
import { resolveRunFileUrl } from "./run-file.ts";

const DATA_URI = /^data:([^;,]*)((?:;[^;,]*)*),(.*)$/s;
const KEPT_MS_MIN = 24 * 60 * 60 * 1000;

export interface TakenFiles {
  /** The input as it is echoed. */
  input: RunInput;
  /** The blobs of the files that are here. */
  files: RunFiles;
  /** The URLs that are still to be fetched, by their place: an input's name, or `loras.0.url`. */
  fetches: Record<string, string>;
}

/** Throws 422 naming the field that leads nowhere. Fetches nothing. */
export async function takeFiles(
  context: Context,
  account: string,
  schema: VersionSchema,
  component: "Input" | "TrainingInput",
  input: RunInput,
): Promise<TakenFiles> {
  const taken: TakenFiles = { input, files: {}, fetches: {} };
  for (const [place, value] of filesAmong(schema, component, input)) {
    const found = await takeFile(context, account, place, value);
    if (found === "elsewhere") {
      taken.fetches[place] = value;
    } else {
      taken.input = replaceAt(taken.input, place, found.echo);
      taken.files[place] = { sha256: found.sha256 };
    }
  }
  return taken;
}

/** Finds or stores one file, or says that it is elsewhere. `echo` is the value as it is shown. */
export async function takeFile(
  context: Context,
  account: string,
  name: string,
  value: string,
): Promise<{ sha256: string; echo: string } | "elsewhere"> {
  const dataUri = DATA_URI.exec(value);
  if (dataUri !== null) {
    const stored = await storeDataUri(context, account, name, dataUri);
    return { sha256: stored.sha256, echo: `/v1/files/${stored.id}` };
  }
  const row = await resolveFileUrl(context, account, value);
  if (row !== undefined) return { sha256: row.sha256, echo: value };
  const made = await resolveRunFileUrl(context, value);
  if (made !== undefined) return { sha256: made, echo: value };
  if (!/^https?:/i.test(value) || /\/v1\/files\//.test(value)) throw fileMissing(name);
  return "elsewhere";
}

async function storeDataUri(
  context: Context,
  account: string,
  name: string,
  [, type = "", parameters = "", data = ""]: RegExpExecArray,
): Promise<{ id: string; sha256: string }> {
  const bytes = /;base64$/i.test(parameters) ? Buffer.from(data, "base64") : Buffer.from(decodeURIComponent(data));
  const blob = await context.blobs.write(Readable.from([bytes]), context.config.uploadBytesMax);
  const id = newFileId();
  await insertFile(context.db, {
    id,
    account,
    name,
    content_type: type === "" ? "application/octet-stream" : type,
    ...blob,
    metadata: "{}",
    created_at: timestamp(context),
    expires_at: new Date(context.now() + KEPT_MS_MIN).toISOString(),
  });
  return { id, sha256: blob.sha256 };
}

/** Before files are named by a row: from here on they are too young to be removed. Throws 422 for one that went meanwhile. */
export async function keepFiles(context: Context, files: RunFiles): Promise<void> {
  for (const [name, { sha256 }] of Object.entries(files))
    if (!(await context.blobs.keep(sha256))) throw fileMissing(name);
}

function fileMissing(name: string): HttpError {
  const description = "No file of yours stands at that URL. It may have been deleted: upload it again.";
  return invalidInput([{ type: "file_not_found", field: `input.${name}`, description }]);
}
