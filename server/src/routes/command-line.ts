/** `/easel.tgz`: the command line as a package, so that `npm install` takes it from the server that it is to speak to. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Hono } from "hono";
import { ROOT } from "../config.ts";
import type { Env } from "../env.ts";
import { notFound } from "../errors.ts";

const PACKAGE = join(ROOT, "cli", "dist", "easel.tgz");

/** For anyone: whoever installs it has no token yet, and there is no secret in it. */
export function commandLine(): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/easel.tgz", async (c) => {
    const bytes = await readFile(PACKAGE).catch(() => undefined);
    if (bytes === undefined) throw notFound("The package is not built. Run `npm run setup` where the server stands.");
    return c.body(new Uint8Array(bytes), 200, { "Content-Type": "application/gzip", "Cache-Control": "no-cache" });
  });

  return app;
}
