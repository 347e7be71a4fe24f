/** `/openapi.json`, and `/docs/api`, the same for a reader. Open to everyone: neither says anything of anybody. */
import { Hono } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { openApiDocument } from "../openapi/document.ts";
import { openApiPage, PAGE_POLICY } from "../openapi/page.ts";
import { originOf } from "./page.ts";

export function openApi(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/openapi.json", (c) => c.json(openApiDocument(originOf(context, c))));

  app.get("/docs/api", (c) => {
    c.header("Content-Security-Policy", PAGE_POLICY);
    return c.html(openApiPage());
  });

  return app;
}
