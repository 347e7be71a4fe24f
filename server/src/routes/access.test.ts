/**
 * Every route, by every verb, for a caller without a token, one whose token may only read, and one of another account.
 * A route that does not stand in the table below fails, and so does a line without its route.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Deployment, File, Model, NewToken, Prediction, Training } from "@easel/contract";
import { expect, test } from "vitest";
import { timestamp } from "../context.ts";
import { sha256Hex } from "../ids.ts";
import { insertVersion } from "../models/versions.ts";
import { attemptFolder } from "../runs/attempt-folder.ts";
import { insertEvents } from "../runs/events.ts";
import { upsertExample } from "../runs/examples.ts";
import { makePicture, makeTar } from "../testing/archives.ts";
import { read } from "../testing/read.ts";
import { ECHO, makeWorld, type World } from "../testing/world.ts";
import { listOwnDeliveries } from "../webhooks/store.ts";

/**
 * Who may call a route: `anyone`; whoever holds a `link` that was signed for it; any token (`read`); a token that may
 * write (`write`, or `secret` where nothing is written); the `operator`. A `page` is the web app, the same for everyone,
 * whatever its path names; a `browser` signs in and out, from a page of ours alone.
 */
type Who = "anyone" | "link" | "read" | "write" | "secret" | "operator" | "page" | "browser";

/** What ids stand for: somebody's real ones, or ones of the same form that nothing has. */
interface Ids {
  model: string;
  deployment: string;
  version: string;
  prediction: string;
  training: string;
  file: string;
  delivery: string;
  token: string;
}

interface Rule {
  who: Who;
  /** A body that names things by their ids, which must not be told apart either. */
  body?: (ids: Ids) => unknown;
  query?: string;
  /** What its path names is nobody's own. */
  isShared?: boolean;
}

const onVersion = ({ model, version }: Ids) => ({ version: `you/${model}:${version}`, input: {} });
const deployed = ({ model, version }: Ids) => ({ model: `you/${model}`, version, hardware: "cpu" });
const SCALE = { min_instances: 0, max_instances: 1 };

const TABLE: Record<string, Rule> = {
  "GET /health/live": { who: "anyone" },
  "GET /health/ready": { who: "anyone" },
  "GET /easel.tgz": { who: "anyone" },
  "GET /openapi.json": { who: "anyone" },
  "GET /docs/api": { who: "anyone" },
  "GET /metrics": { who: "operator" },
  "GET /": { who: "page" },
  "GET /:page{(?!v1/).+}": { who: "page" },
  "GET /p/:id": { who: "link" },
  "POST /v1/session": { who: "browser" },
  "DELETE /v1/session": { who: "browser" },
  "GET /v1/files/:id/download": { who: "link" },
  "GET /v1/runs/:id/files/:attempt/:path{.+}": { who: "link" },
  "GET /v1/versions/:version/pictures/:place": { who: "link" },
  "GET /v1/streams/:id": { who: "link" },
  "GET /v1/files/streams/:id": { who: "link" },
  "GET /v1/account": { who: "read" },
  "GET /v1/hardware": { who: "read" },
  "GET /v1/machine": { who: "read", isShared: true },
  "POST /v1/models": { who: "write" },
  "GET /v1/models": { who: "read" },
  "QUERY /v1/models": { who: "read" },
  "GET /v1/models/:owner/:name": { who: "read" },
  "PATCH /v1/models/:owner/:name": { who: "write", body: () => ({ description: "x" }) },
  "GET /v1/models/:owner/:name/readme": { who: "read" },
  "GET /v1/models/:owner/:name/examples": { who: "read" },
  "PUT /v1/models/:owner/:name/examples/:prediction": { who: "write" },
  "GET /v1/search": { who: "read", query: "?query=toy" },
  "GET /v1/collections": { who: "read" },
  "GET /v1/collections/:slug": { who: "read", isShared: true },
  "POST /v1/models/:owner/:name/versions": { who: "operator", body: () => ({ folder: "/nowhere" }) },
  "GET /v1/models/:owner/:name/versions": { who: "read" },
  "GET /v1/models/:owner/:name/versions/:version": { who: "read" },
  "GET /v1/models/:owner/:name/versions/:version/card": { who: "read" },
  "GET /v1/models/:owner/:name/versions/:version/weights": { who: "read" },
  "POST /v1/models/:owner/:name/predictions": { who: "write", body: () => ({ input: {} }) },
  "POST /v1/models/:owner/:name/versions/:version/trainings": {
    who: "write",
    body: ({ model, file }) => ({ destination: `you/${model}`, input: { input_images: `http://x/v1/files/${file}` } }),
  },
  "POST /v1/files": { who: "write" },
  "GET /v1/files": { who: "read" },
  "GET /v1/files/:id": { who: "read" },
  "POST /v1/predictions": { who: "write", body: onVersion },
  "GET /v1/predictions": { who: "read" },
  "GET /v1/predictions/:id": { who: "read" },
  "POST /v1/predictions/:id/cancel": { who: "write" },
  "POST /v1/deployments": { who: "write", body: (ids) => ({ name: "mine", ...deployed(ids), ...SCALE }) },
  "GET /v1/deployments": { who: "read" },
  "GET /v1/deployments/:owner/:name": { who: "read" },
  "PATCH /v1/deployments/:owner/:name": { who: "write", body: () => SCALE },
  "POST /v1/deployments/:owner/:name/predictions": { who: "write", body: () => ({ input: {} }) },
  "POST /v1/preflight": {
    who: "write",
    body: ({ model, file }) => ({ model: `you/${model}`, input_images: `http://x/v1/files/${file}` }),
  },
  "GET /v1/trainings": { who: "read" },
  "GET /v1/trainings/:id": { who: "read" },
  "POST /v1/trainings/:id/cancel": { who: "write" },
  "GET /v1/runs/:id/events": { who: "read" },
  "GET /v1/runs/:id/logs": { who: "read" },
  "GET /v1/runs/:id/artifacts": { who: "read" },
  "POST /v1/runs/:id/stop-and-keep": { who: "write" },
  "POST /v1/runs/:id/save-state": { who: "write" },
  "POST /v1/runs/:id/snapshots/:step/publish": { who: "write" },
  "GET /v1/tokens": { who: "read" },
  "POST /v1/tokens": { who: "write" },
  "GET /v1/bases": { who: "read", isShared: true },
  "POST /v1/bases": { who: "operator" },
  "POST /v1/gc": { who: "operator", body: () => ({ dry_run: true }) },
  "GET /v1/accounts": { who: "operator" },
  "POST /v1/accounts": { who: "operator", body: () => ({ name: "ada" }) },
  "GET /v1/webhooks/default/secret": { who: "secret" },
  "POST /v1/webhooks/default/secret": { who: "write" },
  "GET /v1/webhooks/deliveries": { who: "read" },
  "GET /v1/webhooks/deliveries/:id": { who: "read" },
  "POST /v1/webhooks/deliveries/:id/resend": { who: "write" },
  // What takes things away comes last.
  "DELETE /v1/runs/:id": { who: "write" },
  "DELETE /v1/files/:id": { who: "write" },
  "DELETE /v1/deployments/:owner/:name": { who: "write" },
  "DELETE /v1/tokens/:id": { who: "write" },
  "DELETE /v1/models/:owner/:name/examples/:prediction": { who: "write" },
  "DELETE /v1/models/:owner/:name/versions/:version": { who: "write" },
  "DELETE /v1/models/:owner/:name": { who: "write" },
};

/** Whatever can be turned on. */
const SETTINGS = { EASEL_METRICS: "on", EASEL_RATE_LIMIT: "on" };
const VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"];

/** What an id in a path is the id of, by what stands before it. */
const KINDS: [before: string, kind: keyof Ids][] = [
  ["/predictions/", "prediction"],
  ["/trainings/", "training"],
  ["/runs/", "training"],
  ["/p/", "prediction"],
  ["/streams/", "prediction"],
  ["/files/", "file"],
  ["/deliveries/", "delivery"],
  ["/tokens/", "token"],
];

const ABSENT: Ids = {
  model: "nothing",
  deployment: "nothing",
  version: "0".repeat(64),
  prediction: "0".repeat(26),
  training: "0".repeat(26),
  file: "A".repeat(48),
  delivery: `msg_${"0".repeat(26)}`,
  token: "0".repeat(24),
};

function fill(path: string, ids: Ids): string {
  const kind = KINDS.find(([before]) => path.includes(`${before}:id`))?.[1];
  const named = path.startsWith("/v1/deployments/") ? ids.deployment : ids.model;
  const values: Record<string, string | undefined> = {
    ":owner": "you",
    ":name": named,
    ":version": ids.version,
    ":id": kind && ids[kind],
    ":prediction": ids.prediction,
    ":slug": "fine-tunable",
    ":attempt": "1",
    ":step": "5",
    ":place": "0",
    ":path{.+}": "out-0.png",
    ":page{(?!v1/).+}": `you/${ids.model}`,
  };
  return path.replace(/:[a-z]+(?:\{[^}]*\})?/g, (part) => {
    const value = values[part];
    if (value === undefined) throw new Error(`The matrix does not know what ${part} of ${path} stands for.`);
    return value;
  });
}

/** The routes of the app as "METHOD /path", each once; its middleware and the alias /v1/v1 left out. */
function routesOf({ app }: World): string[] {
  const routes = app.routes.filter(({ method, path }) => method !== "ALL" && !path.startsWith("/v1/v1/"));
  return [...new Set(routes.map(({ method, path }) => `${method} ${path}`))];
}

/** The world of `you`: private, and one of each thing. */
async function furnish(world: World): Promise<Ids> {
  const { context, call } = world;
  const model = { owner: "you", name: "toy", visibility: "private", hardware: "cpu" };
  await read(call("POST", "/v1/models", model), Model);
  const echo = await context.db.selectFrom("versions").selectAll().where("id", "=", ECHO.versionId).executeTakeFirst();
  const row = await context.db.selectFrom("models").select("id").where("name", "=", "toy").executeTakeFirst();
  if (echo === undefined || row === undefined) throw new Error("The world lacks its models.");
  const ids = { ...ABSENT, model: "toy", deployment: "ready", version: "ab".repeat(32) };
  const blob = await context.blobs.write(Readable.from([Buffer.from("weights")]), 100);
  const weights = { card: "{}", weights_sha256: blob.sha256, weights_size: blob.size };
  await insertVersion(context.db, { ...echo, ...weights, card: "{}", id: ids.version, model_id: row.id });
  const form = new FormData();
  form.append("content", new Blob([await makeTar([{ name: "a.png", data: await makePicture() }])]), "a.tar");
  const headers = { Authorization: `Bearer ${world.token}` };
  ids.file = (await read(world.app.request("/v1/files", { method: "POST", body: form, headers }), File)).id;
  const webhook = { webhook: "https://example.com/hook", webhook_events_filter: ["completed"] };
  const prediction = await read(call("POST", "/v1/predictions", { ...onVersion(ids), ...webhook }), Prediction);
  ids.prediction = prediction.id;
  await call("POST", `/v1/predictions/${ids.prediction}/cancel`);
  await call("PATCH", "/v1/models/you/toy", { readme: "# Toy" });
  await upsertExample(context.db, { model_id: row.id, run_id: ids.prediction, marked_at: prediction.created_at });
  const trainings = `/v1/models/you/toy/versions/${ids.version}/trainings`;
  const input = { input_images: `http://x/v1/files/${ids.file}` };
  ids.training = (await read(call("POST", trainings, { destination: "you/toy", input }), Training)).id;
  await keepSnapshot(world, ids.training);
  await call("POST", `/v1/trainings/${ids.training}/cancel`);
  await read(call("POST", "/v1/deployments", { name: "ready", ...deployed(ids), ...SCALE }), Deployment);
  ids.token = (await read(call("POST", "/v1/tokens", { name: "laptop" }), NewToken)).id;
  const deliveries = await listOwnDeliveries(context.db, { account: "you", before: undefined, limit: 1 });
  ids.delivery = deliveries[0]?.id ?? "";
  return ids;
}

/** Of step 5, as an attempt would have left it. */
async function keepSnapshot({ context }: World, training: string): Promise<void> {
  const data = await makeTar([{ name: "echo.json", data: Buffer.from("{}") }]);
  const folder = attemptFolder(context, training, 1);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "a.tar"), data);
  const facts = { name: "a.tar", path: "a.tar", size: data.length, sha256: sha256Hex(data) };
  const body = JSON.stringify({ step: 5, file: { ...facts, contentType: "application/x-tar" } });
  await insertEvents(context.db, training, [{ attempt: 1, seq: 1, type: "snapshot", at: timestamp(context), body }]);
}

interface Answer {
  status: number;
  body: string;
}

async function ask(world: World, token: string, route: string, ids: Ids): Promise<Answer> {
  const [method = "", path = ""] = route.split(" ");
  const { query = "", ...rule }: Partial<Rule> = TABLE[route] ?? {};
  const body = rule.body?.(ids);
  const reply = await world.app.request(`${fill(path, ids)}${query}`, {
    method,
    headers: { Authorization: token, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, body: await reply.text() };
}

test("every route stands in the table, and every line of the table is a route", async () => {
  expect(routesOf(await makeWorld(SETTINGS)).sort()).toEqual(Object.keys(TABLE).sort());
});

test("without a token, or with a wrong one, nothing answers but what is for anyone", async () => {
  const world = await makeWorld(SETTINGS);
  const ids = await furnish(world);
  const open = Object.keys(TABLE).filter((route) => TABLE[route]?.who === "anyone");
  expect(open.length).toBeLessThanOrEqual(10);
  for (const [route, { who }] of Object.entries(TABLE)) {
    for (const token of ["", "Bearer r8_wrong"]) {
      const { status } = await ask(world, token, route, ids);
      if (who === "anyone" || who === "page") expect.soft(status, route).toBe(200);
      else if (who === "browser") expect.soft(status, route).toBe(403);
      else if (who === "link") expect.soft([401, 404], route).toContain(status);
      else expect.soft(status, route).toBe(401);
    }
  }
});

test("a verb that a path does not have does nothing, for anyone", async () => {
  const world = await makeWorld(SETTINGS);
  const ids = await furnish(world);
  const before = await world.context.db.selectFrom("runs").selectAll().execute();
  for (const path of new Set(Object.keys(TABLE).map((route) => route.slice(route.indexOf(" ") + 1)))) {
    for (const verb of VERBS.filter((verb) => TABLE[`${verb === "HEAD" ? "GET" : verb} ${path}`] === undefined)) {
      for (const token of ["", `Bearer ${world.token}`]) {
        const { status } = await ask(world, token, `${verb} ${path}`, ids);
        expect.soft([401, 404, 405], `${verb} ${path}`).toContain(status);
      }
    }
  }
  expect(await world.context.db.selectFrom("runs").selectAll().execute()).toEqual(before);
});

test("a token that may only read is let to all that reads, and to nothing else", async () => {
  const world = await makeWorld(SETTINGS);
  const ids = await furnish(world);
  const { token } = await read(world.call("POST", "/v1/tokens", { name: "reader", access: "read" }), NewToken);
  for (const [route, { who }] of Object.entries(TABLE)) {
    const { status, body } = await ask(world, `Bearer ${token}`, route, ids);
    if (["write", "secret"].includes(who)) {
      expect.soft(status, route).toBe(403);
      expect.soft(body, route).toContain("easel token create");
    } else if (who === "operator") expect.soft(status, route).toBe(route.startsWith("GET") ? 200 : 403);
    else if (who === "read") expect.soft(status, route).toBe(200);
  }
});

test("what is somebody else's is answered as what is not there, and stands in no list", async () => {
  const world = await makeWorld(SETTINGS);
  const ids = await furnish(world);
  const rows = () => Promise.all([countRows(world), world.call("GET", `/v1/files/${ids.file}`).then((r) => r.status)]);
  const before = await rows();
  for (const [route, { who, body, isShared }] of Object.entries(TABLE)) {
    const token = `Bearer ${world.otherToken}`;
    const theirs = await ask(world, token, route, ids);
    if (who === "operator") expect.soft(theirs.status, route).toBe(403);
    const names = Object.values(ids).filter((id) => id.length > 5);
    expect
      .soft(
        names.filter((id) => theirs.body.includes(id)),
        route,
      )
      .toEqual([]);
    if (who === "page") expect.soft(theirs, route).toEqual(await ask(world, token, route, ABSENT));
    else if ((route.includes("/:") && !isShared) || (body !== undefined && who !== "operator")) {
      const absent = await ask(world, token, route, ABSENT);
      expect
        .soft([404, 422, ...(who === "link" ? [401] : []), ...(who === "operator" ? [403] : [])], route)
        .toContain(theirs.status);
      const renamed = { ...theirs, body: theirs.body.replaceAll("you/toy", "you/nothing") };
      expect.soft(renamed, route).toEqual(absent);
    }
  }
  expect(await rows()).toEqual(before);
});

test("its owner reaches all of it: the matrix asks for things that are there", async () => {
  const world = await makeWorld(SETTINGS);
  const ids = await furnish(world);
  for (const [route, { who }] of Object.entries(TABLE)) {
    if (who === "browser" || (who === "link" && route !== "GET /v1/files/:id/download")) continue;
    const { status } = await ask(world, `Bearer ${world.token}`, route, ids);
    expect.soft([401, 403, 404, 500], route).not.toContain(status);
  }
});

/** How many rows there are of what a stranger might have made or taken away. */
async function countRows({ context }: World): Promise<number[]> {
  const tables = ["models", "versions", "runs", "deployments", "webhook_deliveries"] as const;
  return Promise.all(tables.map(async (table) => (await context.db.selectFrom(table).selectAll().execute()).length));
}
