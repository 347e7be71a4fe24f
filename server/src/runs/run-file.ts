/** Files that runs have made, as inputs of others: a picture to go on from, weights. Known by their signed path, whatever the host. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../context.ts";
import { hashFile } from "../files/hash.ts";
import { verifyPath } from "../files/sign.ts";
import { attemptFolder } from "./attempt-folder.ts";

const RUN_FILE_PATH = /^(?:\/v1)+(\/runs\/([0-9a-hjkmnp-tv-z]{26})\/files\/(\d+)\/(.+))$/;

/** The blob of such a file, which is made of it; undefined when the URL is none of ours, or the file is gone. */
export async function resolveRunFileUrl(context: Context, url: string): Promise<string | undefined> {
  if (!URL.canParse(url)) return undefined;
  const { pathname, searchParams } = new URL(url);
  const [, path, runId = "", attempt = "", name = ""] = RUN_FILE_PATH.exec(pathname) ?? [];
  if (path === undefined || !verifyPath(context.signingKey, `/v1${path}`, searchParams, context.now()))
    return undefined;
  const file = join(attemptFolder(context, runId, Number(attempt)), decodeURIComponent(name));
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  const sha256 = await hashFile(file);
  await context.blobs.adopt(file, sha256);
  return sha256;
}
