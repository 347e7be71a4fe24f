/** `/v1/files`: what is uploaded once and then named in a run's input by its URL. */
import { FREES_HEADER } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import { authenticate } from "../auth.ts";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { type HttpError, notFound } from "../errors.ts";
import { presentFile } from "../files/present.ts";
import { verifyDownload } from "../files/sign.ts";
import { deleteFile, type FileRow, findFile, insertFile, listFiles } from "../files/store.ts";
import { receiveUpload } from "../files/upload.ts";
import { newFileId } from "../ids.ts";
import { measureFreed } from "../space/frees.ts";
import { sendBlob } from "./blob.ts";
import { originOf, PAGE_SIZE, presentPage, readCursor } from "./page.ts";

/** Replicate's files end after a day. Ours are kept at least so long, and then until they are deleted. */
const KEPT_MS_MIN = 24 * 60 * 60 * 1000;

export function files(context: Context): Hono<Env> {
  const { db, blobs, config } = context;
  const app = new Hono<Env>();

  app.post("/files", async (c) => {
    const upload = await receiveUpload(c.req.raw.body, c.req.header("content-type"), blobs, config.uploadBytesMax);
    const row: FileRow = {
      id: newFileId(),
      account: c.get("account"),
      name: upload.name,
      content_type: upload.contentType,
      ...upload.blob,
      metadata: JSON.stringify(upload.metadata),
      created_at: timestamp(context),
      expires_at: new Date(context.now() + KEPT_MS_MIN).toISOString(),
    };
    await insertFile(db, row);
    return c.json(show(c, row), 201);
  });

  app.get("/files", async (c) => {
    const rows = await listFiles(db, { account: c.get("account"), before: readCursor(c), limit: PAGE_SIZE + 1 });
    return c.json(await presentPage(context, c, rows, (row) => show(c, row)));
  });

  app.get("/files/:id", async (c) => {
    const row = await findFile(db, c.get("account"), c.req.param("id"));
    if (row === undefined) throw fileNotFound();
    return c.json(show(c, row));
  });

  app.delete("/files/:id", async (c) => {
    const row = await findFile(db, c.get("account"), c.req.param("id"));
    if (row === undefined) throw fileNotFound();
    const { result: wasThere, bytes } = await measureFreed(context, () => deleteFile(db, row.account, row.id));
    if (!wasThere) throw fileNotFound();
    c.header(FREES_HEADER, String(bytes));
    return c.body(null, 204);
  });

  const show = (c: Request<Env>, row: FileRow) => presentFile(context, row, originOf(context, c));

  return app;
}

/** The bytes of a file, by a link that was signed for it, or with a token. Mount it before what asks everyone for a token. */
export function fileDownloads(context: Context): Hono<Env> {
  const app = new Hono<Env>();
  const askForToken = authenticate(context);

  app.get(
    "/files/:id/download",
    (c, next) => (c.req.query("signature") === undefined ? askForToken(c, next) : next()),
    async (c) => {
      const id = c.req.param("id");
      const query = new URL(c.req.url).searchParams;
      const owner = query.has("signature")
        ? verifyDownload(context.signingKey, id, query, context.now())
        : c.get("account");
      const row = owner === undefined ? undefined : await findFile(context.db, owner, id);
      if (row === undefined) throw fileNotFound();
      return sendBlob(c, context.blobs, { ...row, contentType: row.content_type });
    },
  );

  return app;
}

function fileNotFound(): HttpError {
  return notFound("File not found");
}
