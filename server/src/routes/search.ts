/** `/v1/search`, `QUERY /v1/models` and `/v1/collections`: finding models without knowing their names. */
import type { Collection, CollectionPage, ModelPage, SearchResult } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { badRequest, notFound } from "../errors.ts";
import { COLLECTIONS } from "../models/collections.ts";
import { searchModels } from "../models/search.ts";
import { readText } from "./body.ts";
import { originOf, PAGE_SIZE } from "./page.ts";
import { showModel, showModels } from "./show-model.ts";

const QUERY_BYTES_MAX = 10_000;
const LIMIT_MAX = 50;
const LIMIT = 20;

export function search(context: Context): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.on("QUERY", "/models", async (c) => {
    const found = await searchModels(db, c.get("account"), await readQuery(c));
    const rows = found.slice(0, PAGE_SIZE).map(({ model }) => model);
    const results = await showModels(context, rows, originOf(context, c));
    return c.json({ previous: null, next: null, results } satisfies ModelPage);
  });

  app.get("/search", async (c) => {
    const query = c.req.query("query")?.trim();
    if (!query) throw badRequest('Query parameter "query" is required');
    const found = (await searchModels(db, c.get("account"), query)).slice(0, readLimit(c));
    const origin = originOf(context, c);
    const models = found.map(async ({ model, score }) => ({
      model: await showModel(context, model, origin),
      metadata: { generated_description: null, tags: [], score },
    }));
    const reply: SearchResult = {
      query,
      models: await Promise.all(models),
      collections: await findCollections(c, query),
      pages: [],
    };
    return c.json(reply);
  });

  app.get("/collections", (c) => {
    const results = COLLECTIONS.map(({ name, slug, description }) => ({ name, slug, description }));
    return c.json({ previous: null, next: null, results } satisfies CollectionPage);
  });

  app.get("/collections/:slug", async (c) => {
    const collection = COLLECTIONS.find(({ slug }) => slug === c.req.param("slug"));
    if (collection === undefined) throw notFound();
    const { list, ...facts } = collection;
    const models = await showModels(context, await list(db, c.get("account")), originOf(context, c));
    return c.json({ ...facts, models } satisfies Collection);
  });

  async function findCollections(c: Request<Env>, query: string): Promise<SearchResult["collections"]> {
    const words = query.toLowerCase().split(/\s+/);
    const matching = COLLECTIONS.filter(({ name, description }) => {
      const text = `${name} ${description}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return Promise.all(
      matching.map(async ({ name, slug, description, list }) => {
        const models = await list(db, c.get("account"));
        return { name, slug, description, models: models.map((model) => `${model.owner}/${model.name}`) };
      }),
    );
  }

  return app;
}

/** Clients send the words as they are (Go, Python), or as a JSON string, whatever the Content-Type says (JavaScript, Python 2). */
async function readQuery(c: Request<Env>): Promise<string> {
  const text = (await readText(c.req.raw, QUERY_BYTES_MAX)).trim();
  if (!/^".*"$/s.test(text)) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

function readLimit(c: Request<Env>): number {
  const text = c.req.query("limit");
  if (text === undefined) return LIMIT;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw badRequest(`Query parameter "limit" must be a whole number from 1 to ${LIMIT_MAX}`);
}
