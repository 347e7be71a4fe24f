/**
 * Transactions that are asked for at the same time are committed as one, with one wait for the disk: what a create costs
 * beyond its own work is that wait. Each keeps its own effects or none, whatever becomes of the others.
 */
import { sql } from "kysely";
import type { Db } from "./db.ts";

type Work<T> = (tx: Db) => Promise<T>;
type Settle = () => void;

interface Waiting {
  /** Does the work and says how to tell of it once it is on the disk. */
  attempt: (tx: Db) => Promise<Settle>;
  reject: (error: unknown) => void;
}

/** A disk's wait for so many is long enough for those behind them. */
const TOGETHER_MAX = 64;

const queues = new WeakMap<Db, Waiting[]>();

/** Resolves with what `work` gives, when that is on the disk for good. It awaits statements of its `tx` and nothing else. */
export function commitTogether<T>(db: Db, work: Work<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const attempt = async (tx: Db): Promise<Settle> => {
      await sql`savepoint one`.execute(tx);
      try {
        const result = await work(tx);
        await sql`release one`.execute(tx);
        return () => resolve(result);
      } catch (error) {
        await sql`rollback to one`.execute(tx);
        await sql`release one`.execute(tx);
        return () => reject(error);
      }
    };
    const queue = queues.get(db);
    if (queue !== undefined) {
      queue.push({ attempt, reject });
      return;
    }
    const fresh = [{ attempt, reject }];
    queues.set(db, fresh);
    void drain(db, fresh);
  });
}

async function drain(db: Db, queue: Waiting[]): Promise<void> {
  while (queue.length > 0) {
    // Whoever has been read from the network in the same turn comes along.
    await new Promise((resolve) => setImmediate(resolve));
    const together = queue.splice(0, TOGETHER_MAX);
    try {
      const settles = await db.transaction().execute(async (tx) => {
        const done: Settle[] = [];
        for (const { attempt } of together) done.push(await attempt(tx));
        return done;
      });
      for (const settle of settles) settle();
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }
  queues.delete(db);
}
