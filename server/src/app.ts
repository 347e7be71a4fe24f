/** The HTTP app: every route, and what holds for all of them. Making it starts nothing. */
import { Hono } from "hono";
import { authenticate } from "./auth.ts";
import { isLoopback } from "./config.ts";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";
import { HttpError } from "./errors.ts";
import type { Builtin } from "./models/builtin.ts";
import type { Device } from "./processes/devices.ts";
import { account } from "./routes/account.ts";
import { bases } from "./routes/bases.ts";
import { commandLine } from "./routes/command-line.ts";
import { deployments } from "./routes/deployments.ts";
import { examples } from "./routes/examples.ts";
import { fileDownloads, files } from "./routes/files.ts";
import { gc } from "./routes/gc.ts";
import { setHeaders } from "./routes/headers.ts";
import { health } from "./routes/health.ts";
import { limitRates } from "./routes/limits.ts";
import { machine as machineRoutes } from "./routes/machine.ts";
import { metrics } from "./routes/metrics.ts";
import { models } from "./routes/models.ts";
import { openApi } from "./routes/openapi.ts";
import { ownPictures } from "./routes/own-pictures.ts";
import { pages } from "./routes/pages.ts";
import { predictions } from "./routes/predictions.ts";
import { preflights } from "./routes/preflight.ts";
import { runFiles } from "./routes/run-files.ts";
import { runs } from "./routes/runs.ts";
import { search } from "./routes/search.ts";
import { session } from "./routes/session.ts";
import { streams } from "./routes/streams.ts";
import { tokens } from "./routes/tokens.ts";
import { trainings } from "./routes/trainings.ts";
import { versions } from "./routes/versions.ts";
import { webhooks } from "./routes/webhooks.ts";
import { weights } from "./routes/weights.ts";

export function createApp(context: Context, machine: { builtins: Builtin[]; devices: Device[] }): Hono<Env> {
  const app = new Hono<Env>();

  app.use(setHeaders());
  const counted = context.config.hasMetrics ? metrics(context) : undefined;
  if (counted !== undefined) app.use(counted.measure);
  app.use(async (c, next) => {
    refuseForeignHost(context, new URL(c.req.url).hostname);
    await next();
  });

  const v1 = new Hono<Env>()
    .route("/", fileDownloads(context))
    .route("/", runFiles(context))
    .route("/", ownPictures(context))
    .route("/", streams(context))
    .route("/", session(context))
    .use(authenticate(context))
    .use(limitRates(context))
    .route("/", account(machine.devices))
    .route("/", machineRoutes(context, machine.devices))
    .route("/", models(context))
    .route("/", versions(context, machine.builtins))
    .route("/", examples(context))
    .route("/", search(context))
    .route("/", files(context))
    .route("/", predictions(context, machine.builtins))
    .route("/", deployments(context, machine.builtins))
    .route("/", preflights(context, machine.builtins))
    .route("/", trainings(context, machine.builtins))
    .route("/", runs(context))
    .route("/", tokens(context))
    .route("/", webhooks(context))
    .route("/", bases(context))
    .route("/", gc(context))
    .route("/", weights(context, machine.builtins));

  if (counted !== undefined) app.route("/", counted.routes);
  app.route("/", openApi(context)).route("/", health(context)).route("/", commandLine()).route("/v1", v1);
  // Python's first client puts /v1 behind a base URL that the others want to end in it.
  app.route("/v1/v1", v1);
  app.route("/", pages(context));

  app.notFound(() => problem(new HttpError(404, "The requested resource could not be found.")));
  app.onError((error, c) => {
    if (error instanceof HttpError) return problem(error, c.res.headers);
    const requestId = c.get("requestId");
    context.log.error({ error, requestId, path: c.req.path }, "a request failed by our own fault");
    const detail = `Something went wrong here, not with your request. Look for ${requestId} in the server's log, or try again.`;
    return problem(new HttpError(500, detail, { title: "Internal error" }));
  });
  return app;
}

function problem(error: HttpError, kept: Headers = new Headers()): Response {
  const { title, status, invalidFields, retryAfterSeconds } = error;
  const body = {
    ...(title === undefined ? {} : { title }),
    detail: error.message,
    status,
    ...(invalidFields === undefined ? {} : { invalid_fields: invalidFields }),
    ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds }),
  };
  const headers = new Headers(kept);
  headers.set("Content-Type", "application/problem+json");
  if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
  return new Response(JSON.stringify(body), { status, headers });
}

/** A page elsewhere can make a browser send it requests under its own name (DNS rebinding); an address cannot be rebound. */
function refuseForeignHost(context: Context, hostname: string): void {
  const name = hostname.toLowerCase();
  const isAddress = /^[\d.]+$/.test(name) || name.startsWith("[");
  const publicHost = context.config.publicUrl === undefined ? undefined : new URL(context.config.publicUrl).hostname;
  if (isAddress || isLoopback(name) || name === publicHost || context.config.allowedHosts.includes(name)) return;
  throw new HttpError(
    421,
    `This server does not answer to the name ${name}. Name it in EASEL_ALLOWED_HOSTS or EASEL_PUBLIC_URL.`,
    {
      title: "Misdirected request",
    },
  );
}
