/** The database: its tables as types, and how it is opened and migrated. Knows nothing of what the rows mean. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import {
  type ColumnType,
  type Expression,
  type Generated,
  Kysely,
  type SqlBool,
  type SqliteDatabase,
  SqliteDialect,
  sql,
} from "kysely";

const MIGRATIONS = fileURLToPath(new URL("../migrations/", import.meta.url));

export type Db = Kysely<Tables>;
export type Flag = 0 | 1;
export type RunKind = "prediction" | "training";
export type DeliveryState = "waiting" | "delivered" | "failed";
export type RunStatus = "starting" | "processing" | "succeeded" | "failed" | "canceled";

export interface Tables {
  accounts: { name: string; created_at: string };
  tokens: {
    id: string;
    hash: string;
    account: string;
    name: string;
    access: "read" | "write";
    start: string;
    created_at: string;
    expires_at: string | null;
    last_used_at: string | null;
    revoked_at: string | null;
  };
  secrets: { name: string; value: string; previous: string | null; previous_ends_at: string | null };
  models: {
    id: string;
    owner: string;
    name: string;
    description: string | null;
    visibility: "public" | "private";
    hardware: string;
    github_url: string | null;
    paper_url: string | null;
    license_url: string | null;
    weights_url: string | null;
    cover_image_url: string | null;
    readme: string | null;
    created_at: string;
    deleted_at: string | null;
  };
  versions: {
    id: string;
    model_id: string;
    program: string;
    base: string | null;
    /** Of a version of somebody's own folder; Easel's own models say it in the code. */
    needs: ColumnType<"cpu" | "gpu" | null, "cpu" | "gpu" | null | undefined, never>;
    parent_id: string | null;
    schema: string;
    card: string | null;
    weights_sha256: string | null;
    weights_size: number | null;
    /** 1: its weights stand in the base's place. */
    replaces_base: Generated<Flag>;
    /** The training that published it. */
    training_id: string | null;
    /** The training of whose snapshot, as of that step, a person made it. */
    snapshot_of: ColumnType<string | null, string | null | undefined, never>;
    snapshot_step: ColumnType<number | null, number | null | undefined, never>;
    created_at: string;
    deleted_at: string | null;
  };
  examples: { model_id: string; run_id: string; marked_at: string };
  files: {
    id: string;
    account: string;
    name: string;
    content_type: string;
    size: number;
    sha256: string;
    md5: string;
    metadata: string;
    created_at: string;
    expires_at: string;
  };
  runs: {
    id: string;
    account: string;
    kind: RunKind;
    status: RunStatus;
    version_id: string;
    version_asked: string;
    model_asked: string;
    destination_id: string | null;
    input: string;
    files: string;
    /** JSON: the URLs among the inputs that are still to be fetched, by input name; null when all files are there. */
    fetches: ColumnType<string | null, string | null | undefined, string | null>;
    source: "api" | "web";
    inline_output: Flag;
    output: string | null;
    error: string | null;
    error_code: string | null;
    seconds: number | null;
    attempt: ColumnType<number, number | undefined, number>;
    process_id: string | null;
    lease_ends_at: number | null;
    cancel_asked_at: string | null;
    keep_asked_at: string | null;
    state_asked_at: string | null;
    create_hash: string;
    answered_at: string | null;
    webhook: ColumnType<string | null, string | null | undefined, never>;
    /** JSON: the events that are asked for; null for all. */
    webhook_events: ColumnType<string | null, string | null | undefined, never>;
    /** What URLs in the messages begin with. */
    webhook_origin: ColumnType<string | null, string | null | undefined, never>;
    /** What its outputs are streamed as; null where there is no stream. */
    stream: ColumnType<"text" | "files" | null, "text" | "files" | null | undefined, never>;
    /** When it is canceled if it has not ended. */
    deadline: ColumnType<string | null, string | null | undefined, never>;
    data_removed_at: ColumnType<string | null, undefined, string>;
    /** `owner/name` of the deployment that a prediction was asked of. */
    deployment: ColumnType<string | null, string | null | undefined, never>;
    created_at: string;
    started_at: string | null;
    completed_at: string | null;
  };
  deployments: { id: string; owner: string; name: string; created_at: string };
  releases: ReleaseColumns & { deployment_id: string };
  current_releases: ReleaseColumns & Tables["deployments"];
  idempotency_keys: { account: string; key: string; run_id: string; created_at: string };
  attempts: {
    run_id: string;
    number: number;
    process_id: string;
    state_path: string | null;
    state_step: number | null;
    started_at: string;
    ended_at: string | null;
    outcome: "succeeded" | "failed" | "canceled" | "lost" | null;
  };
  events: {
    run_id: string;
    number: number;
    attempt: number;
    seq: number;
    type: string;
    at: string;
    body: string;
  };
  exports: {
    key: string;
    weights_sha256: string;
    name: string;
    sha256: string;
    size: number;
    error: number | null;
    created_at: string;
    used_at: string;
  };
  webhook_deliveries: {
    number: Generated<number>;
    id: string;
    run_id: string;
    event: "start" | "output" | "logs" | "completed";
    url: string;
    host: string;
    body: string | null;
    state: ColumnType<DeliveryState, DeliveryState | undefined, DeliveryState>;
    attempts: ColumnType<number, number | undefined, number>;
    next_attempt_at: number | null;
    last_attempt_at: number | null;
    last_status: number | null;
    last_error: string | null;
    last_reply: string | null;
    last_ms: number | null;
    delivered_at: string | null;
    created_at: string;
  };
  processes: {
    id: string;
    pid: number | null;
    birth: string | null;
    program: string;
    base: string | null;
    weights_sha256: string | null;
    device: string;
    started_at: string;
    ended_at: string | null;
  };
}

interface ReleaseColumns {
  number: number;
  version_id: string;
  model_asked: string;
  version_asked: string;
  hardware: string;
  min_instances: number;
  max_instances: number;
  released_by: string;
  released_at: string;
}

/**
 * Opens the database file (or ":memory:") and brings it to the newest migration.
 * `synchronous = FULL`: in WAL mode anything less lost 100 of 100 acknowledged rows when the power was cut.
 * Throws when the file is of a newer Easel.
 */
export async function openDb(path: string): Promise<Db> {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("busy_timeout = 5000");
  migrate(database);
  database.pragma("foreign_keys = ON");
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: withKeptStatements(database) }) });
}

/** Statements are built anew at each call and come out the same: compiling them was a third of what a read cost. */
const STATEMENTS_MAX = 500;

function withKeptStatements(database: Database.Database): SqliteDatabase {
  const kept = new Map<string, Database.Statement<unknown[]>>();
  return {
    close: () => database.close(),
    prepare(text) {
      const known = kept.get(text);
      if (known !== undefined) return known;
      const statement = database.prepare<unknown[]>(text);
      // Those whose number of values varies, such as inserts of many rows, would fill it without end.
      if (kept.size >= STATEMENTS_MAX) kept.delete(kept.keys().next().value ?? "");
      kept.set(text, statement);
      return statement;
    },
  };
}

/** References are not watched meanwhile but checked at each end: a table that others refer to may have to be made anew. */
function migrate(database: Database.Database): void {
  const names = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const have = Number(database.pragma("user_version", { simple: true }));
  if (have > names.length) {
    throw new Error(
      `The data folder was written by a newer Easel (schema ${have}, this one knows ${names.length}). Start that one, or restore a backup.`,
    );
  }
  database.pragma("foreign_keys = OFF");
  names.slice(have).forEach((name, index) => {
    database.transaction(() => {
      database.exec(readFileSync(`${MIGRATIONS}${name}`, "utf8"));
      const broken = database.pragma("foreign_key_check");
      if (Array.isArray(broken) && broken.length > 0)
        throw new Error(`The migration ${name} leaves references to nothing.`);
      database.pragma(`user_version = ${have + index + 1}`);
    })();
  });
}

/**
 * A transaction whose deletions leave nothing in the file: SQLite otherwise only marks the place as free, and keeps a
 * copy in its log.
 */
export async function withErasure(db: Db, work: (tx: Db) => Promise<void>): Promise<void> {
  await sql`pragma secure_delete = on`.execute(db);
  try {
    await db.transaction().execute(work);
  } finally {
    await sql`pragma secure_delete = off`.execute(db);
  }
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
}

/** The row after which a page of a list begins. */
export interface Cursor {
  createdAt: string;
  id: string;
}

/** What stands behind the cursor in a list that is ordered newest first, by `created_at` and then `id`. */
export function isBehind(cursor: Cursor): Expression<SqlBool> {
  return sql<SqlBool>`(created_at, id) < (${cursor.createdAt}, ${cursor.id})`;
}

/** True while the database answers; for /health/ready. */
export async function isDbAlive(db: Db): Promise<boolean> {
  try {
    await sql`select 1`.execute(db);
    return true;
  } catch {
    return false;
  }
}
