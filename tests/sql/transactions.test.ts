/**
 * Transactions: all or nothing, nested ones, conflicts, and what was cut short. Against the real servers, in real time.
 */
import { createTask, Event, gather, isCancelled, run, sleep, timeout } from "ambit";
import {
  ConstraintError,
  isConflict,
  type Pool,
  sql,
  type Transaction,
  TransactionAbortedError,
  TransactionConflictError,
  TransactionStateError,
} from "ambit/postgres";
import { beforeEach, expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

describeDatabases("a transaction", (database, at) => {
  const inPool = <T>(body: (pool: Pool) => Promise<T>, options = {}): Promise<T> =>
    run(async () => {
      await using pool = database.createPool(at.server, options);
      return await body(pool);
    });
  const insert = (id: number, cents: number) => sql`insert into accounts values (${id}, ${cents})`;
  const add = (id: number, cents: number) =>
    sql`update accounts set cents = cents + ${cents} where id = ${id}`;
  const all = (pool: Pool) =>
    pool.query<{ id: number; cents: number }>(sql`select id, cents from accounts order by id`);

  beforeEach(async () => {
    await inPool(async (pool) => {
      await pool.execute(sql`drop table if exists accounts`);
      await pool.execute(
        sql`create table accounts (id int primary key, cents int not null, check (cents >= 0))`,
      );
    });
  });

  test("is committed when its body returns, and gives its value", async () => {
    await inPool(async (pool) => {
      const value = await pool.transaction(async (transaction) => {
        expect(await transaction.execute(insert(1, 100))).toMatchObject({ affectedRows: 1 });
        expect(await all(pool)).toEqual([]);
        return await transaction.queryValue(sql`select cents from accounts where id = ${1}`);
      });
      expect(value).toBe(100);
      expect(await all(pool)).toEqual([{ id: 1, cents: 100 }]);
    });
  });

  test("is undone when its body throws", async () => {
    await inPool(async (pool) => {
      const failing = pool.transaction(async (transaction) => {
        await transaction.execute(insert(1, 100));
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await all(pool)).toEqual([]);
      expect(pool.statistics()).toMatchObject({ inUse: 0, destroyed: 0 });
    });
  });

  test("is undone when it is cancelled, and the connection goes on", async () => {
    await inPool(
      async (pool) => {
        await pool.execute(insert(1, 100));
        const begun = new Event();
        const task = createTask(() =>
          pool.transaction(async (transaction) => {
            await transaction.execute(add(1, 50));
            begun.set();
            await transaction.query(database.sleep(60));
          }),
        );
        await begun.wait();
        await sleep(10);
        task.cancel();
        expect(await task.then(null, isCancelled)).toBe(true);
        // The row is not locked any more.
        await pool.execute(add(1, 1));
        expect(await all(pool)).toEqual([{ id: 1, cents: 101 }]);
        expect(pool.statistics()).toMatchObject({ opened: 1, destroyed: 0 });
      },
      { max: 1 },
    );
  });

  test("undoes a nested one alone", async () => {
    await inPool(async (pool) => {
      await pool.transaction(async (outer) => {
        await outer.execute(insert(1, 1));
        const failing = outer.transaction(async (nested) => {
          await nested.execute(insert(2, 2));
          await nested.transaction((inmost) => inmost.execute(insert(3, 3)));
          await nested.execute(insert(1, 9));
        });
        await expect(failing).rejects.toBeInstanceOf(ConstraintError);
        await outer.transaction((nested) => nested.execute(insert(4, 4)));
        await outer.execute(insert(5, 5));
      });
      expect((await all(pool)).map(({ id }) => id)).toEqual([1, 4, 5]);
    });
  });

  test("takes no statements while a nested one runs, nor when it has ended", async () => {
    await inPool(async (pool) => {
      let escaped: Transaction | null = null;
      await pool.transaction(async (outer) => {
        escaped = outer;
        await outer.transaction(async (nested) => {
          await expect(outer.query(sql`select 1`)).rejects.toThrow("use that one's methods");
          await expect(outer.transaction(() => 1)).rejects.toBeInstanceOf(TransactionStateError);
          await nested.execute(insert(1, 1));
        });
        await outer.execute(insert(2, 2));
      });
      const late = (escaped as unknown as Transaction).query(sql`select 1`);
      await expect(late).rejects.toThrow("the transaction has ended");
      expect(await all(pool)).toHaveLength(2);
    });
  });

  test("runs the statements of several tasks one after the other", async () => {
    await inPool(async (pool) => {
      await pool.transaction(async (transaction) => {
        const ids = Array.from({ length: 20 }, (_, id) => id);
        await gather(ids.map((id) => () => transaction.execute(insert(id, id))));
        const rows = await gather(ids.map((id) => () => transaction.query(database.echo(id))));
        expect(rows.map(([row]) => Number(row?.id))).toEqual(ids);
      });
      expect(await all(pool)).toHaveLength(20);
    });
  });

  test("is not committed when a statement was cut short, though the error was caught", async () => {
    await inPool(async (pool) => {
      const cut = pool.transaction(async (transaction) => {
        await transaction.execute(insert(1, 1));
        await timeout(20, () => transaction.query(database.sleep(60))).catch(() => null);
        await expect(transaction.query(sql`select 1`)).rejects.toThrow("cut short");
      });
      await expect(cut).rejects.toBeInstanceOf(TransactionAbortedError);
      expect(await all(pool)).toEqual([]);
    });
  });

  test("goes on after a nested one that was cut short", async () => {
    await inPool(async (pool) => {
      await pool.transaction(async (transaction) => {
        await transaction.execute(insert(1, 1));
        const nested = transaction.transaction(async (inner) => {
          await inner.execute(insert(2, 2));
          await inner.query(database.sleep(60), { timeout: 20 });
        });
        await expect(nested).rejects.toMatchObject({ name: "QueryTimeoutError" });
        await transaction.execute(insert(3, 3));
      });
      expect((await all(pool)).map(({ id }) => id)).toEqual([1, 3]);
    });
  });

  test("that reads only may not change anything, and sees what its isolation allows", async () => {
    await inPool(async (pool) => {
      await pool.execute(insert(1, 1));
      const reading = pool.transaction((transaction) => transaction.execute(insert(2, 2)), {
        readOnly: true,
      });
      await expect(reading).rejects.toThrow(/read.only/i);
      await pool.transaction(
        async (transaction) => {
          const look = () => transaction.queryValue(sql`select cents from accounts`);
          expect(await look()).toBe(1);
          await pool.execute(add(1, 1));
          expect(await look()).toBe(1);
        },
        { isolation: "repeatable read" },
      );
      await pool.transaction(
        async (transaction) => {
          const look = () => transaction.queryValue(sql`select cents from accounts`);
          expect(await look()).toBe(2);
          await pool.execute(add(1, 1));
          expect(await look()).toBe(3);
        },
        { isolation: "read committed" },
      );
    });
  });

  test("refuses options that are none", async () => {
    await inPool(async (pool) => {
      const body = () => 1;
      await expect(pool.transaction(body, { isolation: "none" as never })).rejects.toThrow(
        "Expected `options.isolation` to be one of read uncommitted",
      );
      await expect(pool.transaction(body, { attempts: 0 })).rejects.toThrow(RangeError);
      await expect(pool.transaction(null as never)).rejects.toThrow("Expected `body`");
      expect(pool.statistics().opened).toBe(0);
    });
  });

  test("in a deadlock with another one is told so, and run again when it may", async () => {
    await inPool(async (pool) => {
      await pool.execute(insert(1, 100));
      await pool.execute(insert(2, 100));
      const cross = async (first: number, second: number, attempts: number, met: Event[]) => {
        let tries = 0;
        await pool.transaction(
          async (transaction) => {
            tries++;
            await transaction.execute(add(first, 1));
            met[first - 1]?.set();
            if (tries === 1) await met[second - 1]?.wait();
            await transaction.execute(add(second, 1));
          },
          { attempts },
        );
        return tries;
      };
      const once = [new Event(), new Event()];
      const outcomes = await gather([() => cross(1, 2, 1, once), () => cross(2, 1, 1, once)], {
        returnExceptions: true,
      });
      const conflicts = outcomes.filter((outcome) => isConflict(outcome));
      expect(conflicts).toHaveLength(1);
      expect(conflicts[0]).toBeInstanceOf(TransactionConflictError);
      expect(conflicts[0]).toMatchObject({ kind: "deadlock" });
      expect(await all(pool)).toEqual([
        { id: 1, cents: 101 },
        { id: 2, cents: 101 },
      ]);
      const again = [new Event(), new Event()];
      const tries = await gather([() => cross(1, 2, 9, again), () => cross(2, 1, 9, again)]);
      expect(Math.max(...tries)).toBeGreaterThan(1);
      expect(await all(pool)).toEqual([
        { id: 1, cents: 103 },
        { id: 2, cents: 103 },
      ]);
    });
  });

  test("holds the line in which a deadlock ended it, even if the error was caught", async () => {
    await inPool(async (pool) => {
      await pool.execute(insert(1, 100));
      await pool.execute(insert(2, 100));
      const met = [new Event(), new Event()];
      const swallow = (first: number, second: number) => async () =>
        pool.transaction(async (transaction) => {
          await transaction.execute(add(first, 1));
          met[first - 1]?.set();
          await met[second - 1]?.wait();
          await transaction
            .transaction((nested) => nested.execute(add(second, 1)))
            .catch(() => null);
        });
      const outcomes = await gather([swallow(1, 2), swallow(2, 1)], { returnExceptions: true });
      const [victim] = outcomes.filter((outcome) => outcome instanceof Error);
      // PostgreSQL undoes the nested one, so that the rest can be committed; MySQL undoes all of it.
      const rows = await all(pool);
      const sum = rows.reduce((total, { cents }) => total + cents, 0);
      expect(isConflict(victim) || database.name === "PostgreSQL").toBe(true);
      expect(sum).toBe(victim === undefined ? 203 : 202);
    });
  });
});
