/**
 * A pool at the end of its tether: exhausted, closed, with connections that grow old. Against the real
 * servers, in real time.
 */
import { createTask, gather, isCancelled, run, sleep, timeout, TimeoutError } from "ambit";
import {
  DatabaseConnectionError,
  DatabaseError,
  type Pool,
  PoolClosedError,
  PoolTimeoutError,
  sql,
} from "ambit/postgres";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

describeDatabases("a pool", (database, at) => {
  const inPool = <T>(body: (pool: Pool) => Promise<T>, options = {}): Promise<T> =>
    run(async () => {
      await using pool = database.createPool(at.server, options);
      return await body(pool);
    });

  test("that is exhausted lets everybody go at his own deadline", async () => {
    await inPool(
      async (pool) => {
        const held = await pool.acquire();
        const patient = createTask(() => pool.query(database.echo(5)));
        const outcomes = await gather(
          [
            () => timeout(20, () => pool.query(database.echo(1))),
            () => timeout(40, () => pool.acquire()),
            () => timeout(60, () => pool.transaction(() => 1)),
          ],
          { returnExceptions: true },
        );
        expect(outcomes.every((outcome) => outcome instanceof TimeoutError)).toBe(true);
        expect(pool.statistics()).toMatchObject({ inUse: 1, waiting: 1, opened: 1 });
        await held.release();
        expect(await patient).toEqual([{ id: 5 }]);
        expect(pool.statistics()).toMatchObject({ inUse: 0, waiting: 0, idle: 1 });
      },
      { max: 1 },
    );
  });

  test("tells who waited for too long how things stood", async () => {
    await inPool(
      async (pool) => {
        await using _ = await pool.acquire();
        const error: unknown = await pool.query(database.echo(1)).catch((error: unknown) => error);
        expect(error).toBeInstanceOf(PoolTimeoutError);
        expect(error).toBeInstanceOf(TimeoutError);
        expect(error).toBeInstanceOf(DatabaseError);
        expect(String(error)).toMatch(
          /was free within 1500 ms: 1 in use, 0 being opened, 0 more wait/,
        );
      },
      { max: 1, acquireTimeout: 1500 },
    );
  });

  test("gives connections in the order in which they were asked for", async () => {
    await inPool(
      async (pool) => {
        const order: number[] = [];
        const held = await pool.acquire();
        const tasks = Array.from({ length: 20 }, (_, i) =>
          createTask(async () => {
            await using _ = await pool.acquire();
            order.push(i);
          }),
        );
        while (pool.statistics().waiting < 20) await sleep(1);
        await held.release();
        await gather(tasks);
        expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
      },
      { max: 1 },
    );
  });

  test("gives back a connection as it was: no transaction, no settings, no temporary tables", async () => {
    await inPool(
      async (pool) => {
        {
          await using connection = await pool.acquire();
          await connection.execute(sql`create temporary table mine (id int)`);
          await connection.execute(sql.raw("begin"));
          expect(await connection.query(sql`select * from mine`)).toEqual([]);
        }
        await expect(pool.query(sql`select * from mine`)).rejects.toThrow(/mine/);
        expect(pool.statistics()).toMatchObject({ opened: 1, destroyed: 0 });
      },
      { max: 1 },
    );
  });

  test("closes connections that are idle for long, and keeps `min` of them", async () => {
    await inPool(
      async (pool) => {
        await gather(Array.from({ length: 4 }, (_, i) => () => pool.query(database.echo(i, 0.05))));
        while (pool.statistics().opened < 4) await sleep(5);
        while (pool.statistics().size > 2) await sleep(5);
        await sleep(100);
        expect(pool.statistics()).toMatchObject({ size: 2, idle: 2, destroyed: 0 });
      },
      { min: 2, idleTimeout: 50 },
    );
  });

  test("replaces connections that are old, and tries those that were idle", async () => {
    await inPool(
      async (pool) => {
        await pool.query(database.echo(1));
        await sleep(600);
        expect(await pool.query(database.echo(2))).toEqual([{ id: 2 }]);
        expect(pool.statistics()).toMatchObject({ opened: 2, size: 1 });
      },
      { maxLifetime: 500 },
    );
    await inPool(
      async (pool) => {
        await pool.query(database.echo(1));
        expect(await pool.query(database.echo(2))).toEqual([{ id: 2 }]);
        expect(pool.statistics()).toMatchObject({ opened: 1, size: 1 });
      },
      { checkAfter: 0 },
    );
  });

  test("that is closed refuses who comes, and waits for who is there", async () => {
    await run(async () => {
      const pool = database.createPool(at.server, { max: 1 });
      const running = createTask(() => pool.query(database.echo(1, 1)));
      const waiting = createTask(() => pool.query(database.echo(2)));
      while (pool.statistics().waiting < 1 || pool.statistics().opening > 0) await sleep(1);
      const closing = createTask(() => pool.close());
      await expect(waiting).rejects.toBeInstanceOf(PoolClosedError);
      await expect(pool.query(database.echo(3))).rejects.toThrow(/is closed/);
      expect(await running).toEqual([{ id: 1 }]);
      await closing;
      await pool.close();
      expect(pool.statistics()).toMatchObject({ size: 0, inUse: 0 });
    });
  });

  test("does not wait for who never gives back", async () => {
    await run(async () => {
      const pool = database.createPool(at.server, { closeTimeout: 20 });
      const task = createTask(() => pool.query(database.sleep(60)));
      while (pool.statistics().inUse < 1) await sleep(1);
      await pool.close();
      await expect(task).rejects.toBeInstanceOf(DatabaseConnectionError);
    });
  });

  test("closes itself at the end of the run that it was made in", async () => {
    let pool: Pool | null = null;
    await run(async () => {
      pool = database.createPool(at.server);
      await pool.query(database.echo(1));
    });
    expect((pool as unknown as Pool).statistics()).toMatchObject({ size: 0 });
  });

  test("tells why it can't connect", async () => {
    await run(async () => {
      const nobody = { url: at.server.url.replace(/:\d+\//, ":1/") } as typeof at.server;
      await using pool = database.createPool(nobody);
      const error: unknown = await pool.query(sql`select 1`).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(DatabaseConnectionError);
      expect(error).toMatchObject({ code: "ECONNREFUSED" });
      await using strange = database.createPool({
        url: at.server.url.replace(/\/\w+$/, "/nowhere"),
      } as typeof at.server);
      await expect(strange.query(sql`select 1`)).rejects.toThrow(/can't connect to .*nowhere/);
      expect(strange.statistics()).toMatchObject({ size: 0, waiting: 0 });
    });
  });

  test("gives up opening a connection after `connectTimeout`, or when nobody wants it", async () => {
    await inPool(
      async (pool) => {
        await at.server.pause();
        try {
          const first = createTask(() => pool.query(database.echo(1)));
          while (pool.statistics().opening < 1) await sleep(1);
          const second = createTask(() => pool.query(database.echo(2)));
          while (pool.statistics().waiting < 2) await sleep(1);
          second.cancel();
          expect(await second.then(null, isCancelled)).toBe(true);
          await expect(first).rejects.toThrow(/no connection to .* within 1500 ms/);
        } finally {
          at.server.resume();
        }
        expect(await pool.query(database.echo(3))).toEqual([{ id: 3 }]);
      },
      { connectTimeout: 1500, max: 1 },
    );
  });

  test("refuses options that are none", () => {
    expect(() => database.createPool(at.server, { max: 0 })).toThrow(
      "Expected `options.max` to be an integer of at least 1, got `0` (number)",
    );
    expect(() => database.createPool(at.server, { min: 3, max: 2 })).toThrow("at most `max`, 2");
    expect(() => database.createPool(at.server, { killTimeout: -1 })).toThrow(
      "Expected `options.killTimeout` to be at least 0 milliseconds",
    );
  });
});
