/**
 * The web app: files that Vite has built into web/dist, and one page of HTML for every path that is a page of it. What a
 * page shows it asks of the API, as any other client does.
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { Hono, type Context as Request } from "hono";
import { findSignedIn } from "../auth.ts";
import { ROOT } from "../config.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { HttpError, notFound } from "../errors.ts";
import { opensRun } from "../run-link.ts";
import { findOwnRun } from "../runs/store.ts";

const BUILT = join(ROOT, "web", "dist");
const compress = promisify(brotliCompress);

const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".zip": "application/zip",
};
const COMPRESSED = [".js", ".css", ".svg"];

/** No script, style or connection but our own; `blob:` and `data:` are for pictures that the user is about to send. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Mount it last: whatever no other route has taken is a file of the app, or a path at which it shows a page. */
export function pages(context: Context): Hono<Env> {
  const app = new Hono<Env>();
  const assets = new Map<string, Promise<Asset>>();

  app.get("/", (c) => shell(c, 200));

  app.get("/p/:id", async (c) => shell(c, await statusOfRunPage(context, c)));

  app.get("/:page{(?!v1/).+}", async (c, next) => {
    const [, folder = ".", name = ""] = /^\/(?:(assets)\/)?([^/]+\.[a-z0-9]+)$/.exec(c.req.path) ?? [];
    // A name is looked up among those that there are, so that none can lead out of the folder.
    if (name !== "" && name !== "index.html" && listBuilt(folder).includes(name)) {
      if (folder === ".") return send(c, await readAsset(join(BUILT, name)), { "Cache-Control": "no-cache" });
      if (!assets.has(name)) assets.set(name, readAsset(join(BUILT, folder, name)));
      return send(c, await assets.get(name), { "Cache-Control": "public, max-age=31536000, immutable" });
    }
    return isPage(c.req.path) ? shell(c, 200) : next();
  });

  return app;
}

/** Not the API, nor what looks like a file. */
function isPage(path: string): boolean {
  return !/^\/(?:v1|health|assets|p|metrics)(?:\/|$)/.test(path) && !/^\/[^/]*\.[a-z]+$/.test(path);
}

/** A run's page opens for its owner, and by the link that is signed for it. The page itself asks to sign in. */
async function statusOfRunPage(context: Context, c: Request<Env>): Promise<200 | 401 | 404> {
  const id = c.req.param("id") ?? "";
  if (opensRun(context, id, new URL(c.req.url).searchParams)) return 200;
  const account = await findSignedIn(context, c);
  if (account === undefined) return 401;
  return (await findOwnRun(context.db, account, id)) === undefined ? 404 : 200;
}

async function shell(c: Request<Env>, status: 200 | 401 | 404): Promise<Response> {
  const html = await readFile(join(BUILT, "index.html"), "utf8").catch(() => {
    throw new HttpError(
      503,
      "This checkout has no pages yet: run `npm run setup` in it and load the page again. The API works without them.",
      { title: "Pages not built" },
    );
  });
  return c.html(html, status, { ...HEADERS, "Cache-Control": "no-cache" });
}

interface Asset {
  type: string;
  plain: Uint8Array<ArrayBuffer>;
  brotli: Uint8Array<ArrayBuffer> | undefined;
}

async function readAsset(path: string): Promise<Asset> {
  const plain = new Uint8Array(await readFile(path));
  const extension = extname(path);
  const brotli = COMPRESSED.includes(extension)
    ? new Uint8Array(await compress(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }))
    : undefined;
  return { type: TYPES[extension] ?? "application/octet-stream", plain, brotli };
}

function send(c: Request<Env>, asset: Asset | undefined, caching: Record<string, string>): Response {
  if (asset === undefined) throw notFound();
  const takesBrotli = /\bbr\b/.test(c.req.header("accept-encoding") ?? "");
  const isBrotli = takesBrotli && asset.brotli !== undefined;
  return new Response(isBrotli ? asset.brotli : asset.plain, {
    headers: {
      ...HEADERS,
      ...caching,
      "Content-Type": asset.type,
      Vary: "Accept-Encoding",
      ...(isBrotli ? { "Content-Encoding": "br" } : {}),
    },
  });
}

function listBuilt(folder: string): string[] {
  try {
    return readdirSync(join(BUILT, folder));
  } catch {
    return [];
  }
}
