/*
 * A piece of work that is cancelled at each of its await points in turn, each time on new connections to a real server,
 * and what must hold after each: the pool has the connections that it had, all of them work, the server has no others.
 */
import { Barrier, createTask, gather, isCancelled, sleep, type Task } from "ambit";
import type { Pool, PoolOptions } from "ambit/postgres";
import { cancelEverywhere } from "ambit/testing";
import type { DatabaseServer } from "../servers/databases.ts";
import type { Database } from "./databases.ts";

const CONNECTIONS = 2;
const NAME = "the one who is cancelled";

/** What is cancelled, and what is looked at beside the pool. */
export interface Cancelled<P extends Pool> {
  readonly database: Database;
  readonly server: DatabaseServer;
  /** Makes a pool; left out, the database's own way. */
  readonly createPool?: (options: PoolOptions) => P;
  /** Before each run. */
  prepare(pool: P): Promise<unknown>;
  work(pool: P): Promise<unknown>;
  /** Throws when something is left that should not be. `done`: the work came to its end. */
  look(pool: P, done: boolean): Promise<void>;
}

/** Throws unless it holds: for what has to hold however a scenario ends. */
export function mustHold(holds: boolean, words: () => string): void {
  if (!holds) throw new Error(words());
}

async function isDone(task: Task<unknown>): Promise<boolean> {
  try {
    await task;
    return true;
  } catch (error) {
    if (isCancelled(error)) return false;
    throw error;
  }
}

/** Asks something on each connection, at once: all are open then. */
async function useAll(pool: Pool, { echo }: Database): Promise<void> {
  const met = new Barrier(CONNECTIONS);
  const ask = async (id: number): Promise<number> =>
    await pool.transaction(async (transaction) => {
      await met.wait();
      return Number((await transaction.queryOne(echo(id)))?.id);
    });
  const asked = Array.from({ length: CONNECTIONS }, (_, at) => at + 1);
  const answers = await gather(asked.map((id) => () => ask(id)));
  mustHold(answers.join() === asked.join(), () => `wrong answers: ${answers.join()}`);
}

/** Cancels it at each of its await points; gives how many there were. */
export async function cancelAtEachWait<P extends Pool>(plan: Cancelled<P>): Promise<number> {
  const { database, server } = plan;
  const createPool =
    plan.createPool ?? ((options: PoolOptions) => database.createPool(server, options) as P);
  return await cancelEverywhere(
    async () => {
      const pool = createPool({ max: CONNECTIONS });
      const watcher = createPool({ max: 1 });
      const count = async (): Promise<number> =>
        Number(await watcher.queryValue(database.connections));
      const reach = async (connections: number): Promise<void> => {
        while ((await count()) !== connections) await sleep(2);
      };
      try {
        // First alone: one of the last run, of which the server has not noticed the end, would be taken for one of this.
        await reach(1 + database.reserved);
        await useAll(pool, database);
        await plan.prepare(pool);
        const expected = CONNECTIONS + 1 + 2 * database.reserved;
        await reach(expected);
        const task = createTask(() => plan.work(pool), { name: NAME });
        const done = await isDone(task);
        const { inUse, waiting, idle, opened, destroyed } = pool.statistics();
        const numbers = { inUse, waiting, idle, opened, destroyed };
        mustHold(
          Object.values(numbers).join() === `0,0,${CONNECTIONS},${CONNECTIONS},0`,
          () => `the pool is not whole: ${JSON.stringify(numbers)}`,
        );
        const now = await count();
        mustHold(now === expected, () => `${now} connections instead of ${expected}`);
        await useAll(pool, database);
        await plan.look(pool, done);
      } finally {
        await gather([() => pool.close(), () => watcher.close()]);
      }
    },
    { only: ({ name }) => name === NAME },
  );
}
