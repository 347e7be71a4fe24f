/** Pictures of the models that come with Easel. A link is signed for its path and needs no token. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Hono } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";
import { verifyPath } from "../files/sign.ts";
import { findOwnPicture } from "../runs/card.ts";
import { sendBytes } from "./bytes.ts";

export function ownPictures(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/versions/:version/pictures/:place", async (c) => {
    const { pathname, searchParams } = new URL(c.req.url);
    const path = pathname.replace(/^\/v1\/v1\//, "/v1/");
    if (!verifyPath(context.signingKey, path, searchParams, context.now())) throw notFound();
    const file = findOwnPicture(c.req.param("version"), Number(c.req.param("place")));
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (file === undefined || found === undefined) throw notFound();
    const headers = { "Content-Type": "image/png", "X-Content-Type-Options": "nosniff" };
    const open = (range: { start: number; end: number }) => createReadStream(file, range);
    return sendBytes(c, { etag: `${found.size}-${Math.round(found.mtimeMs)}`, size: found.size, headers, open });
  });

  return app;
}
