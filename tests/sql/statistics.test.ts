/**
 * What `pool.statistics()` tells, field by field: at rest, under load, while others wait, after losses, after the end.
 * Against the real servers, in real time.
 */
import { createTask, gather, getRunningLoop, isCancelled, run, sleep, type Task } from "ambit";
import {
  DatabaseConnectionError,
  type Pool,
  PoolClosedError,
  type PoolStatistics,
} from "ambit/postgres";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

const NONE: PoolStatistics = {
  size: 0,
  idle: 0,
  inUse: 0,
  opening: 0,
  waiting: 0,
  opened: 0,
  destroyed: 0,
  kills: 0,
  leaked: 0,
};

/** Waits until the numbers are these; a test's own limit ends it. */
async function until(pool: Pool, expected: Partial<PoolStatistics>): Promise<void> {
  const has = () => {
    const now = pool.statistics();
    return Object.entries(expected).every(([name, value]) => now[name as "size"] === value);
  };
  while (!has()) await sleep(2);
}

async function endsCancelled(tasks: readonly Task<unknown>[]): Promise<void> {
  for (const task of tasks) task.cancel();
  for (const task of tasks) expect(await task.then(null, isCancelled)).toBe(true);
}

describeDatabases("the statistics of a pool", (database, at) => {
  const inPool = <T>(body: (pool: Pool) => Promise<T>, options = {}): Promise<T> =>
    run(async () => {
      await using pool = database.createPool(at.server, options);
      return await body(pool);
    });
  const sleepers = (pool: Pool, count: number) =>
    Array.from({ length: count }, () => createTask(() => pool.query(database.sleep(60))));

  test("are all zero at first, and those of a moment: frozen", async () => {
    await inPool(async (pool) => {
      const before = pool.statistics();
      expect(before).toEqual(NONE);
      expect(Object.isFrozen(before)).toBe(true);
      await pool.query(database.echo(1));
      expect(before).toEqual(NONE);
      expect(pool.statistics()).toEqual({ ...NONE, size: 1, idle: 1, opened: 1 });
    });
  });

  test("count those being opened in the size, and who waits for them as waiting", async () => {
    await inPool(
      async (pool) => {
        const tasks = Array.from({ length: 5 }, (_, id) =>
          createTask(() => pool.query(database.echo(id)), { eager: true }),
        );
        expect(pool.statistics()).toEqual({ ...NONE, size: 3, opening: 3, waiting: 5 });
        await gather(tasks);
        // One that nobody needs any more is kept all the same.
        await until(pool, { opening: 0 });
        const { size, idle, opened, ...rest } = pool.statistics();
        expect(rest).toMatchObject({ inUse: 0, opening: 0, waiting: 0, destroyed: 0, kills: 0 });
        expect(size).toBe(idle);
        expect(opened).toBe(size);
      },
      { max: 3 },
    );
  });

  test("under load tell those in use, and under more load who waits, until they go", async () => {
    await inPool(
      async (pool) => {
        const running = sleepers(pool, 2);
        await until(pool, { inUse: 2 });
        expect(pool.statistics()).toEqual({ ...NONE, size: 2, inUse: 2, opened: 2 });
        const waiting = sleepers(pool, 3);
        await until(pool, { waiting: 3 });
        expect(pool.statistics()).toEqual({ ...NONE, size: 2, inUse: 2, opened: 2, waiting: 3 });
        await endsCancelled(waiting);
        expect(pool.statistics()).toEqual({ ...NONE, size: 2, inUse: 2, opened: 2 });
        await endsCancelled(running);
        expect(pool.statistics()).toEqual({ ...NONE, size: 2, idle: 2, opened: 2, kills: 2 });
      },
      { max: 2 },
    );
  });

  test("tell a kill once its statement has ended, and one for each statement", async () => {
    await inPool(async (pool) => {
      for (let kills = 1; kills <= 3; kills++) {
        const tasks = sleepers(pool, 1);
        await until(pool, { inUse: 1 });
        await sleep(20);
        await endsCancelled(tasks);
        expect(pool.statistics()).toEqual({ ...NONE, size: 1, idle: 1, opened: 1, kills });
      }
    });
  });

  test("tell a connection that was acquired as in use until it is released", async () => {
    await inPool(async (pool) => {
      const connection = await pool.acquire();
      await connection.query(database.echo(1));
      expect(pool.statistics()).toEqual({ ...NONE, size: 1, inUse: 1, opened: 1 });
      await connection.release();
      expect(pool.statistics()).toEqual({ ...NONE, size: 1, idle: 1, opened: 1 });
      await connection.release();
      expect(pool.statistics()).toEqual({ ...NONE, size: 1, idle: 1, opened: 1 });
    });
  });

  test("tell one that leaked as leaked and destroyed, and as in use no more", async () => {
    await inPool(async (pool) => {
      const loop = getRunningLoop();
      const before = loop.getExceptionHandler();
      loop.setExceptionHandler(() => {});
      try {
        await createTask(async () => void (await pool.acquire()));
        await until(pool, { leaked: 1 });
      } finally {
        loop.setExceptionHandler(before);
      }
      expect(pool.statistics()).toEqual({ ...NONE, opened: 1, destroyed: 1, leaked: 1 });
    });
  });

  test("tell one that ended by its age or idleness as opened, not as destroyed", async () => {
    await inPool(
      async (pool) => {
        await pool.query(database.echo(1));
        expect(pool.statistics()).toEqual({ ...NONE, size: 1, idle: 1, opened: 1 });
        await until(pool, { size: 0 });
        expect(pool.statistics()).toEqual({ ...NONE, opened: 1 });
      },
      { idleTimeout: 50 },
    );
  });

  test("after the loss of the server tell each connection as destroyed, and go on from there", async () => {
    await inPool(
      async (pool) => {
        await gather(
          Array.from({ length: 3 }, (_, id) => () => pool.query(database.echo(id, 0.1))),
        );
        const running = sleepers(pool, 1);
        await until(pool, { inUse: 1, idle: 2 });
        await at.server.kill();
        await expect(running[0]).rejects.toBeInstanceOf(DatabaseConnectionError);
        await until(pool, { idle: 0 });
        expect(pool.statistics()).toEqual({ ...NONE, opened: 3, destroyed: 3 });
        await expect(pool.query(database.echo(1))).rejects.toThrow(/can't connect/);
        expect(pool.statistics()).toEqual({ ...NONE, opened: 3, destroyed: 3 });
        await at.server.restart();
        expect(await pool.query(database.echo(1))).toEqual([{ id: 1 }]);
        const after = { size: 1, idle: 1, opened: 4, destroyed: 3 };
        expect(pool.statistics()).toEqual({ ...NONE, ...after });
      },
      { max: 3 },
    );
  });

  test("after the end keep what was counted, and nothing else", async () => {
    await run(async () => {
      const pool = database.createPool(at.server, { max: 2, closeTimeout: 20 });
      const running = sleepers(pool, 2);
      await until(pool, { inUse: 2 });
      const waiting = sleepers(pool, 2);
      await until(pool, { waiting: 2 });
      await pool.close();
      for (const task of running) await expect(task).rejects.toThrow("the pool is closed");
      for (const task of waiting) await expect(task).rejects.toBeInstanceOf(PoolClosedError);
      expect(pool.statistics()).toEqual({ ...NONE, opened: 2, destroyed: 2 });
      const quiet = database.createPool(at.server);
      await quiet.query(database.echo(1));
      await quiet.close();
      expect(quiet.statistics()).toEqual({ ...NONE, opened: 1 });
    });
  });

  test("under load of hundreds always add up", async () => {
    await inPool(
      async (pool) => {
        const wrong: PoolStatistics[] = [];
        const look = (): void => {
          const now = pool.statistics();
          const { size, idle, inUse, opening, waiting, opened, destroyed } = now;
          const sound =
            size === idle + inUse + opening &&
            size <= 4 &&
            (waiting === 0 || idle === 0) &&
            opened === size - opening &&
            destroyed === 0;
          if (!sound) wrong.push(now);
        };
        const ask = async (id: number): Promise<void> => {
          look();
          const task = createTask(() => pool.query(database.echo(id, id % 3 === 0 ? 0.002 : 0)));
          if (id % 7 === 0) {
            await sleep(id % 5);
            task.cancel();
          }
          const end: unknown = await task.then(null, (error: unknown) => error);
          expect(isCancelled(end) || (end as { id: number }[])[0]?.id === id).toBe(true);
          look();
        };
        await gather(Array.from({ length: 400 }, (_, id) => () => ask(id)));
        expect(wrong).toEqual([]);
        expect(pool.statistics()).toMatchObject({ size: 4, idle: 4, waiting: 0, leaked: 0 });
      },
      { max: 4 },
    );
  });
});
