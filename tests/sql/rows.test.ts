/**
 * Rows: one by one while they come, and many at once on their way in. Against the real servers, in real time.
 */
import { createTask, isCancelled, run, sleep, timeout } from "ambit";
import { ConstraintError, DatabaseError, type Pool, sql } from "ambit/postgres";
import { beforeEach, expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

describeDatabases("rows", (database, at) => {
  const inPool = <T>(body: (pool: Pool) => Promise<T>, options = {}): Promise<T> =>
    run(async () => {
      await using pool = database.createPool(at.server, options);
      return await body(pool);
    });
  const count = (pool: Pool) => pool.queryValue<number>(sql`select count(*) from things`);

  beforeEach(async () => {
    await inPool(async (pool) => {
      await pool.execute(sql`drop table if exists things`);
      await pool.execute(
        sql`create table things (id int primary key, word varchar(200), note text)`,
      );
    });
  });

  test("come one by one, all of them, in order", async () => {
    await inPool(
      async (pool) => {
        let expected = 1;
        for await (const { n } of pool.stream(database.series(900), { batchSize: 7 }))
          expect(Number(n)).toBe(expected++);
        expect(expected).toBe(901);
        expect(pool.statistics()).toMatchObject({ inUse: 0, destroyed: 0, kills: 0 });
      },
      { max: 1 },
    );
  });

  test("end when the loop is left, and the connection is free", async () => {
    await inPool(
      async (pool) => {
        for await (const { n } of pool.stream(database.series(900), { batchSize: 10 }))
          if (n === "25") break;
        expect(await pool.query(database.echo(1))).toEqual([{ id: 1 }]);
        const failing = (async () => {
          for await (const { n } of pool.stream(database.series(900))) throw new Error(`at ${n}`);
        })();
        await expect(failing).rejects.toThrow("at 1");
        expect(pool.statistics()).toMatchObject({ opened: 1, inUse: 0, destroyed: 0 });
      },
      { max: 1 },
    );
  });

  test("end when their reader is cancelled, waiting for them or for something else", async () => {
    await inPool(
      async (pool) => {
        const waiting = createTask(async () => {
          for await (const _ of pool.stream(database.echo(1, 60))) throw new Error("a row");
        });
        while (pool.statistics().inUse === 0) await sleep(1);
        await sleep(10);
        waiting.cancel();
        expect(await waiting.then(null, isCancelled)).toBe(true);
        const reading = timeout(50, async () => {
          for await (const _ of pool.stream(database.series(900), { batchSize: 2 }))
            await sleep(60_000);
        });
        await expect(reading).rejects.toMatchObject({ name: "TimeoutError" });
        expect(await pool.query(database.echo(1))).toEqual([{ id: 1 }]);
        expect(pool.statistics()).toMatchObject({ opened: 1, inUse: 0, destroyed: 0 });
      },
      { max: 1 },
    );
  });

  test("are refused one after the other only, and tell what is wrong with the statement", async () => {
    await inPool(async (pool) => {
      const stream = pool.stream(sql`select * from nowhere`);
      const [first, second] = [stream.next(), stream.next()];
      await expect(second).rejects.toThrow("whose next() is still pending");
      await expect(first).rejects.toThrow(/nowhere/);
      expect(await stream.next()).toEqual({ done: true, value: undefined });
      expect(pool.statistics()).toMatchObject({ inUse: 0, destroyed: 0 });
      expect(() => pool.stream(sql`select 1`, { batchSize: 0 })).toThrow(RangeError);
    });
  });

  test("go in by the thousand, with every character as it was", async () => {
    await inPool(async (pool) => {
      const odd = ["\t", "\n", "\\", "\\N", "'", '"', "€😀", "", "\r\n", "\\.", "NULL", "a,b"];
      const rows = Array.from({ length: 3000 }, (_, id) => ({
        id,
        word: odd[id % odd.length] as string,
        note: id % 3 === 0 ? null : `note ${id}`,
      }));
      expect(await pool.insertMany("things", rows)).toBe(3000);
      expect(await pool.query(sql`select * from things order by id`)).toEqual(rows);
      expect(await pool.insertMany("things", [])).toBe(0);
    });
  });

  test("go in from a source while it gives them, in a transaction too", async () => {
    await inPool(async (pool) => {
      async function* source(from: number, to: number) {
        for (let id = from; id < to; id++) {
          if (id % 100 === 0) await sleep(1);
          yield { id, word: "w", note: null };
        }
      }
      await pool.transaction(async (transaction) => {
        expect(await transaction.insertMany("things", source(0, 700))).toBe(700);
        const nested = transaction.transaction(async (inner) => {
          await inner.insertMany(sql.identifier("things"), source(700, 900));
          throw new Error("no");
        });
        await expect(nested).rejects.toThrow("no");
      });
      expect(await count(pool)).toBe(700);
    });
  });

  test("go in all or not at all: a bad one, a source that fails, a cancel", async () => {
    await inPool(
      async (pool) => {
        const many = (last: object) => [
          ...Array.from({ length: 2000 }, (_, id) => ({ id, word: "w" })),
          last,
        ];
        const twice = pool.insertMany("things", many({ id: 5, word: "w" }));
        await expect(twice).rejects.toBeInstanceOf(ConstraintError);
        const missing = pool.insertMany("things", many({ id: 5000 }));
        await expect(missing).rejects.toThrow("rows[2000] has no `word`: write null");
        const extra = pool.insertMany("things", many({ id: 5000, word: "w", more: 1 }));
        await expect(extra).rejects.toThrow("has a `more`, which is none of the columns id, word");
        let closed = false;
        async function* slow() {
          try {
            for (let id = 0; ; id++) {
              if (id === 1500) await sleep(60_000);
              yield { id, word: "w" };
            }
          } finally {
            closed = true;
          }
        }
        const cancelled = timeout(300, () => pool.insertMany("things", slow()));
        await expect(cancelled).rejects.toMatchObject({ name: "TimeoutError" });
        expect(closed).toBe(true);
        expect(await count(pool)).toBe(0);
        expect(pool.statistics()).toMatchObject({ inUse: 0, destroyed: 0, opened: 1 });
      },
      { max: 1 },
    );
  });

  test("of one value are given as the value, and anything else is refused", async () => {
    await inPool(async (pool) => {
      expect(await pool.queryValue(database.echo(7))).toBe(7);
      expect(await pool.queryOne(sql`select * from things`)).toBe(null);
      const two = pool.queryValue(database.series(2));
      await expect(two).rejects.toThrow("one row of one column, got 2 rows of 1");
      await expect(pool.queryValue(sql`select * from things`)).rejects.toBeInstanceOf(
        DatabaseError,
      );
    });
  });
});
