/**
 * A cancel stops the statement on the server, keeps the connection and hits no other statement. Against the real
 * servers; time is real, since the servers' is.
 */
import {
  checkpoint,
  createTask,
  gather,
  getRunningLoop,
  isCancelled,
  protect,
  run,
  shield,
  sleep,
  type Task,
  timeout,
  TimeoutError,
} from "ambit";
import { DatabaseConnectionError, type Pool, QueryTimeoutError, sql } from "ambit/postgres";
import { cancelEverywhere } from "ambit/testing";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

/** How a task ended. */
async function endOf(task: Task<unknown>): Promise<string> {
  try {
    return `value ${String(await task)}`;
  } catch (error) {
    return isCancelled(error) ? "cancelled" : String(error);
  }
}

/** Waits until something holds; a test's own limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

describeDatabases("a cancelled statement", (database, at) => {
  const inPool = <T>(body: (pool: Pool) => Promise<T>, options = {}): Promise<T> =>
    run(async () => {
      await using pool = database.createPool(at.server, options);
      return await body(pool);
    });
  const isRunning = (pool: Pool) => async () =>
    (await pool.queryValue<number>(database.running("sleep("))) > 0;

  test("stops on the server, and its connection is used again", async () => {
    await inPool(
      async (pool) => {
        const task = createTask(() => pool.query(database.sleep(60)));
        await until(isRunning(pool));
        task.cancel();
        expect(await endOf(task)).toBe("cancelled");
        expect(await isRunning(pool)()).toBe(false);
        const { opened, destroyed, inUse, kills } = pool.statistics();
        expect({ destroyed, inUse }).toEqual({ destroyed: 0, inUse: 0 });
        expect(kills).toBe(1);
        await gather(Array.from({ length: 4 }, (_, i) => () => pool.query(database.echo(i))));
        expect(pool.statistics().opened).toBe(opened);
      },
      { max: 2 },
    );
  });

  test("ends a deadline's wait only when the server has stopped", async () => {
    await inPool(async (pool) => {
      const late = timeout(30, () => pool.query(database.sleep(60)));
      await expect(late).rejects.toBeInstanceOf(TimeoutError);
      expect(await isRunning(pool)()).toBe(false);
    });
  });

  test("of its own timeout tells its text and not its parameters", async () => {
    await inPool(async (pool) => {
      const statement = sql`${database.sleep(60)} where ${"secret word"} <> ${"x"}`;
      const error: unknown = await pool.query(statement, { timeout: 30 }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(QueryTimeoutError);
      expect(error).toMatchObject({ deadlineMs: 30, sql: expect.stringContaining("sleep(") });
      expect(JSON.stringify(error) + String(error)).not.toContain("secret");
      expect(await isRunning(pool)()).toBe(false);
      expect(pool.statistics().destroyed).toBe(0);
    });
  });

  test("may be cancelled in the very turn in which it is sent", async () => {
    await inPool(
      async (pool) => {
        await pool.query(database.echo(1));
        for (let turns = 0; turns < 30; turns++) {
          const task = createTask(() => pool.query(database.sleep(60)));
          for (let turn = 0; turn < turns % 6; turn++) await (turn % 2 ? sleep(0) : checkpoint());
          task.cancel();
          expect(await endOf(task)).toBe("cancelled");
          expect(await pool.query(database.echo(turns))).toEqual([{ id: turns }]);
        }
        expect(pool.statistics()).toMatchObject({ size: 1, idle: 1, destroyed: 0 });
      },
      { max: 1 },
    );
  });

  test("goes on inside shield, and inside protect, to its end", async () => {
    await inPool(async (pool) => {
      let result: unknown = null;
      const query = createTask(async () => (result = await pool.query(database.echo(7, 1))));
      const impatient = createTask(() => shield(query));
      await until(isRunning(pool));
      impatient.cancel();
      expect(await endOf(impatient)).toBe("cancelled");
      expect(await query).toEqual([{ id: 7 }]);
      const patient = createTask(async () => {
        result = await protect(() => pool.query(database.echo(8, 1)));
        await sleep(60_000);
      });
      await until(isRunning(pool));
      patient.cancel();
      expect(await endOf(patient)).toBe("cancelled");
      expect(result).toEqual([{ id: 8 }]);
      expect(pool.statistics().kills).toBe(0);
    });
  });

  test("that waits for a connection leaves the queue", async () => {
    await inPool(
      async (pool) => {
        const first = createTask(() => pool.query(database.echo(1, 1)));
        const second = createTask(() => pool.query(database.echo(2)));
        const third = createTask(() => pool.query(database.echo(3)));
        await until(() => Promise.resolve(pool.statistics().waiting === 2));
        second.cancel();
        expect(await endOf(second)).toBe("cancelled");
        expect(await first).toEqual([{ id: 1 }]);
        expect(await third).toEqual([{ id: 3 }]);
        expect(pool.statistics()).toMatchObject({ opened: 1, waiting: 0, kills: 0 });
      },
      { max: 1 },
    );
  });

  test("takes its connection with it when the server does not answer, and still ends", async () => {
    await inPool(
      async (pool) => {
        const task = createTask(() => pool.query(database.sleep(60)));
        await until(isRunning(pool));
        await at.server.pause();
        try {
          task.cancel();
          expect(await endOf(task)).toBe("cancelled");
        } finally {
          at.server.resume();
        }
        expect(pool.statistics()).toMatchObject({ inUse: 0, destroyed: 1 });
        expect(await pool.query(database.echo(1))).toEqual([{ id: 1 }]);
      },
      { max: 2, killTimeout: 100, checkAfter: Infinity },
    );
  });

  test("leaves nothing behind, whatever it was doing when it was cancelled", async () => {
    await inPool((pool) =>
      pool.execute(sql`create table if not exists notes (id int primary key, word varchar(20))`),
    );
    const points = await cancelEverywhere(async () => {
      const pool = database.createPool(at.server, { max: 2 });
      let committed = false;
      try {
        await pool.execute(sql`delete from notes`);
        await pool.transaction(async (transaction) => {
          await transaction.execute(sql`insert into notes values (${1}, ${"one"})`);
          await transaction.transaction(async (nested) => {
            await nested.execute(sql`insert into notes values (${2}, ${"two"})`);
          });
          for await (const row of transaction.stream<{ id: number }>(sql`select id from notes`))
            if (row.id > 2) throw new Error(`row ${row.id}`);
        });
        committed = true;
        for await (const row of pool.stream(database.series(50), { batchSize: 10 }))
          if (row.n === "15") break;
        await using connection = await pool.acquire();
        await connection.query(database.echo(4));
      } finally {
        await protect(async () => {
          const { length } = await pool.query(sql`select id from notes`);
          if (committed && length !== 2) throw new Error(`committed, and ${length} rows`);
          const { inUse, destroyed, waiting } = pool.statistics();
          if (inUse + destroyed + waiting !== 0) throw new Error(JSON.stringify(pool.statistics()));
          await pool.close();
        });
      }
    });
    expect(points).toBeGreaterThan(12);
  });

  test("that fails while it is being stopped is told as cancelled", async () => {
    await inPool(async (pool) => {
      const task = createTask(() => pool.query(sql`select nonsense from nowhere`));
      getRunningLoop().callSoon(() => void task.cancel());
      expect(await endOf(task)).toBe("cancelled");
      const other = createTask(() => pool.query(database.sleep(60)));
      await until(isRunning(pool));
      other.cancel();
      const end: unknown = await other.then(null, (error: unknown) => error);
      expect(end).not.toBeInstanceOf(DatabaseConnectionError);
      expect(isCancelled(end)).toBe(true);
    });
  });
});
