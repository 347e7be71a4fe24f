/** Recognises the URLs of our own files among a run's inputs. Fetches nothing. */
import type { Context } from "../context.ts";
import { verifyDownload } from "./sign.ts";
import { type FileRow, findFile } from "./store.ts";

const FILE_PATH = /^(?:\/v1)+\/files\/([A-Za-z0-9_-]+)(?:\/download)?\/?$/;

/**
 * The file that a URL names, whatever its host: a server is reached by several names, and rows outlive them.
 * Undefined when it is no file URL of ours, or the file is gone or another account's and the link is not signed for it.
 */
export async function resolveFileUrl(context: Context, account: string, url: string): Promise<FileRow | undefined> {
  if (!URL.canParse(url)) return undefined;
  const { protocol, pathname, searchParams } = new URL(url);
  const id = FILE_PATH.exec(pathname)?.[1];
  if (id === undefined || !/^https?:$/.test(protocol)) return undefined;
  const signedFor = verifyDownload(context.signingKey, id, searchParams, context.now());
  return findFile(context.db, signedFor ?? account, id);
}
