/** The files that runs make: pictures, samples, weights. A link is signed for its path and needs no token. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RunId } from "@easel/contract";
import { Hono } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";
import { verifyPath } from "../files/sign.ts";
import { attemptFolder } from "../runs/attempt-folder.ts";
import { sendBytes } from "./bytes.ts";

/** Anything else is sent as bytes to save: what a model writes must never run as a page of ours. */
const TYPES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  txt: "text/plain; charset=utf-8",
  json: "application/json",
  tar: "application/x-tar",
  zip: "application/zip",
};

export function runFiles(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/runs/:id/files/:attempt/:path{.+}", async (c) => {
    const { pathname, searchParams } = new URL(c.req.url);
    // The signature is over the path as we wrote it, so that no part of it can be a user's choice.
    const path = pathname.replace(/^\/v1\/v1\//, "/v1/");
    if (!verifyPath(context.signingKey, path, searchParams, context.now())) throw notFound();
    const [id, attempt] = [RunId.safeParse(c.req.param("id")), Number(c.req.param("attempt"))];
    if (!id.success || !Number.isInteger(attempt)) throw notFound();
    const file = join(attemptFolder(context, id.data, attempt), c.req.param("path"));
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw notFound();
    return sendBytes(c, {
      etag: `${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}`,
      size: found.size,
      headers: {
        "Content-Type": TYPES[file.slice(file.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
      },
      open: (range) => createReadStream(file, range),
    });
  });

  return app;
}
