/**
 * `/p/{id}`: one page about a run, drawn by the server, without script. It reloads itself until the run has ended.
 * Opens by the link that is signed for this run.
 */
import { createHash } from "node:crypto";
import { isTerminal, RunId } from "@easel/contract";
import { Hono } from "hono";
import { html, raw } from "hono/html";
import { z } from "zod";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { HttpError, notFound } from "../errors.ts";
import { verifyPath } from "../files/sign.ts";
import { findLastEvent } from "../runs/events.ts";
import { logTail } from "../runs/logs.ts";
import { listPictures } from "../runs/pictures.ts";
import { countRunsAhead, findRun, type RunRow } from "../runs/store.ts";
import { originOf } from "./page.ts";

const LOG_LINES = 40;
const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; margin: 0; } .quiet { opacity: .65; }
  progress { width: 100%; height: .8rem; accent-color: #4f7cff; }
  .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .75rem; padding: 0; list-style: none; }
  .pictures img { width: 100%; border-radius: .5rem; display: block; } figure { margin: 0; } figcaption { font-size: .8rem; overflow-wrap: anywhere; }
  pre { background: rgb(128 128 128 / .12); padding: 1rem; border-radius: .5rem; overflow-x: auto; white-space: pre-wrap; font-size: .85rem; }
  .error { border-left: .25rem solid #d64545; padding-left: 1rem; white-space: pre-wrap; }
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const Progress = z.object({ step: z.number(), total: z.number() });
const Stage = z.object({ name: z.string() });

export function runPage(context: Context): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/p/:id", async (c) => {
    const { pathname, searchParams } = new URL(c.req.url);
    if (!verifyPath(context.signingKey, pathname, searchParams, context.now())) {
      throw new HttpError(
        401,
        "This page opens by a link that is signed for it: run the command with --web, or take urls.web from the API.",
        {
          title: "Unauthenticated",
        },
      );
    }
    const id = RunId.safeParse(c.req.param("id"));
    const run = id.success ? await findRun(context.db, id.data) : undefined;
    if (run === undefined) throw notFound();
    c.header(
      "Content-Security-Policy",
      `default-src 'none'; img-src 'self'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    if (!isTerminal(run.status)) c.header("Refresh", "2");
    return c.html(await page(context, run, originOf(context, c)));
  });

  return app;
}

async function page(context: Context, run: RunRow, origin: string) {
  const progress = Progress.safeParse(await bodyOf(context, run, "progress"));
  const stage = Stage.safeParse(await bodyOf(context, run, "stage"));
  const ahead = run.status === "starting" ? await countRunsAhead(context.db, run) : 0;
  const pictures = await listPictures(context, run, origin);
  const log = readable((await logTail(context.db, run.id)).trimEnd().split("\n"))
    .slice(-LOG_LINES)
    .join("\n");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${run.status} · ${run.model_asked}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>${run.kind === "training" ? "Training on" : "Prediction with"} ${run.model_asked}</h1>
<p><strong>${run.status}</strong> <span class="quiet">${statusWords(run, ahead, stage.success ? stage.data.name : undefined)}</span></p>
${progress.success ? html`<progress value="${progress.data.step}" max="${progress.data.total}"></progress><p class="quiet">step ${progress.data.step} of ${progress.data.total}</p>` : ""}
${run.error === null ? "" : html`<p class="error">${run.error}</p>`}
${pictures.length === 0 ? "" : html`<ul class="pictures">${pictures.map((picture) => html`<li><figure><img src="${picture.url}" alt="${picture.caption}" loading="lazy"><figcaption>${picture.caption}</figcaption></figure></li>`)}</ul>`}
<h2>Log</h2>
<pre>${log === "" ? "Nothing yet." : log}</pre>
<p class="quiet">${run.id}</p>
</body>
</html>`;
}

/** The log without its progress lines, but for the last of each row of them: the bar above says the rest. */
function readable(lines: string[]): string[] {
  return lines.filter((line, index) => !(isProgress(line) && isProgress(lines[index + 1] ?? "")));
}

function isProgress(line: string): boolean {
  return /^\s*\d+%\s*\|/.test(line);
}

function statusWords(run: RunRow, ahead: number, stage: string | undefined): string {
  if (run.status === "starting") return ahead === 0 ? "next in the queue" : `${ahead} before it in the queue`;
  if (run.status === "processing")
    return [stage, run.attempt > 1 ? `attempt ${run.attempt}` : undefined].filter(Boolean).join(" · ");
  return run.completed_at === null ? "" : `at ${run.completed_at.slice(0, 19).replace("T", " ")} UTC`;
}

async function bodyOf(context: Context, run: RunRow, type: string): Promise<unknown> {
  const event = await findLastEvent(context.db, run.id, type);
  return event === undefined ? undefined : JSON.parse(event.body);
}
