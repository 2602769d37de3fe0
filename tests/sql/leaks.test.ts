/**
 * Connections that nobody released. Against the real servers, in real time.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gather, getRunningLoop, run, sleep } from "ambit";
import { LeakedConnectionError, type Pool } from "ambit/postgres";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

describeDatabases("a pool that is leaked from", (database, at) => {
  const inPool = <T>(body: (pool: Pool) => Promise<T>, options = {}): Promise<T> =>
    run(async () => {
      await using pool = database.createPool(at.server, options);
      return await body(pool);
    });

  test(
    "finds 1,000 connections that their tasks did not release",
    { timeout: 120_000 },
    async () => {
      await inPool(
        async (pool) => {
          const reports: unknown[] = [];
          const loop = getRunningLoop();
          const before = loop.getExceptionHandler();
          loop.setExceptionHandler(({ exception }) => reports.push(exception));
          try {
            for (let round = 0; round < 100; round++) {
              await gather(
                Array.from({ length: 10 }, () => async () => {
                  await pool.acquire();
                }),
              );
            }
            // The last tasks' ends are told after they were awaited.
            while (reports.length < 1000) await sleep(1);
          } finally {
            loop.setExceptionHandler(before);
          }
          expect(reports).toHaveLength(1000);
          expect(reports.every((error) => error instanceof LeakedConnectionError)).toBe(true);
          expect(String(reports[0])).toContain("the task that acquired it has ended");
          expect(pool.statistics()).toMatchObject({ leaked: 1000, inUse: 0, destroyed: 1000 });
          expect(await pool.query(database.echo(1))).toEqual([{ id: 1 }]);
        },
        { max: 10 },
      );
    },
  );

  test("finds a connection that is garbage", async () => {
    await inPool(
      async (pool) => {
        const reports: unknown[] = [];
        const loop = getRunningLoop();
        const before = loop.getExceptionHandler();
        loop.setExceptionHandler(({ exception }) => reports.push(exception));
        try {
          await (async () => void (await pool.acquire()))();
          while (reports.length === 0) {
            await sleep(5);
            collectGarbage();
          }
        } finally {
          loop.setExceptionHandler(before);
        }
        expect(String(reports[0])).toContain("its object was garbage");
        expect(pool.statistics()).toMatchObject({ leaked: 1, inUse: 0 });
      },
      { max: 1 },
    );
  });
});
