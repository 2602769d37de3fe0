/**
 * Many statements at once, half of them cancelled at random times, against the real servers: every answer is the right
 * one, no kill hits another statement, nothing is lost.
 */
import { createTask, isCancelled, mapConcurrent, run, sleep } from "ambit";
import { type Pool, sql } from "ambit/postgres";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

const QUERIES = 6000;
const TASKS = 64;

/** Numbers that look random, the same ones each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

async function connections(
  pool: Pool,
  statement: Parameters<Pool["queryValue"]>[0],
): Promise<number> {
  return Number(await pool.queryValue(statement));
}

describeDatabases("under stress", (database, at) => {
  test(
    `${QUERIES} statements from ${TASKS} tasks, half of them cancelled, get the right answers`,
    { timeout: 120_000 },
    async () => {
      await run(async () => {
        const watcher = database.createPool(at.server, { max: 1 });
        const before = 1 + database.reserved;
        const settled = async (): Promise<void> => {
          // The server takes its time to notice who comes and goes.
          while ((await connections(watcher, database.connections)) !== before) await sleep(10);
        };
        await settled();
        const pool = database.createPool(at.server, { max: 10 });
        const random = randomFrom(7);
        const tally = { right: 0, cancelled: 0, wrong: 0, failed: 0 };
        const one = async (id: number): Promise<void> => {
          const doomed = id % 2 === 1;
          const seconds = doomed ? 30 : random() < 0.1 ? 0.002 : 0;
          const task = createTask(() => pool.query(database.echo(id, seconds)));
          if (doomed) {
            await sleep(random() * 8);
            task.cancel();
          }
          try {
            const rows = await task;
            if (rows.length === 1 && Number(rows[0]?.id) === id) tally.right++;
            else tally.wrong++;
          } catch (error) {
            if (doomed && isCancelled(error)) tally.cancelled++;
            else tally.failed++;
          }
        };
        const ids = Array.from({ length: QUERIES }, (_, id) => id);
        for await (const _ of mapConcurrent(ids, one, { limit: TASKS })) {
          // Each has told its own end.
        }
        expect(tally).toEqual({ right: QUERIES / 2, cancelled: QUERIES / 2, wrong: 0, failed: 0 });
        const { size, idle, inUse, waiting, destroyed, opened } = pool.statistics();
        expect({ size, idle, inUse, waiting, destroyed, opened }).toEqual({
          size: 10,
          idle: 10,
          inUse: 0,
          waiting: 0,
          destroyed: 0,
          opened: 10,
        });
        const during = await connections(watcher, database.connections);
        expect(during).toBe(before + 10 + database.reserved);
        expect(await pool.query(sql`select 1 as one`)).toEqual([{ one: 1 }]);
        await pool.close();
        await settled();
        await watcher.close();
      });
    },
  );
});
