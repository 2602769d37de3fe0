/**
 * Transactions, bulk inserts and streams of rows, cancelled at every await point: all or nothing, and the pool is whole.
 * Against the real servers, in real time.
 */
import { run, sleep } from "ambit";
import { type Pool, sql, type Transaction, TransactionAbortedError } from "ambit/postgres";
import { beforeEach, expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";
import { cancelAtEachWait, mustHold } from "./everyWait.ts";

const ROWS = 1300;

/** Rows that come at once, but for some that come later. */
async function* slowly(): AsyncGenerator<object, void> {
  for (let id = 0; id < ROWS; id++) {
    if (id % 400 === 399) await sleep(1);
    yield { id, word: "w" };
  }
}

describeDatabases("cancelled at every await point", (database, at) => {
  const clear = (pool: Pool) => pool.execute(sql`delete from rows_in`);
  const countOf = (pool: Pool) => pool.queryValue<number>(sql`select count(*) from rows_in`);

  beforeEach(async () => {
    await run(async () => {
      await using pool = database.createPool(at.server);
      await pool.execute(sql`drop table if exists rows_in`);
      await pool.execute(sql`create table rows_in (id int primary key, word varchar(20))`);
    });
  });

  const inserting = (insert: (pool: Pool) => Promise<unknown>, all: number) =>
    cancelAtEachWait({
      database,
      server: at.server,
      prepare: clear,
      work: insert,
      async look(pool, done) {
        const count = await countOf(pool);
        mustHold(count === (done ? all : 0), () => `${count} rows, though done is ${done}`);
      },
    });

  test("a bulk insert has inserted all rows when it returns, and none otherwise", async () => {
    let open = 0;
    const watched = async function* (): AsyncGenerator<object> {
      open++;
      try {
        yield* slowly();
      } finally {
        open--;
      }
    };
    const insert = (pool: Pool) => pool.insertMany("rows_in", watched());
    expect(await inserting(insert, ROWS)).toBeGreaterThan(4);
    expect(open, "sources that were not told to end").toBe(0);
  }, 60_000);

  test("a bulk insert in a transaction is undone with it", async () => {
    const insert = (pool: Pool) =>
      pool.transaction(async (transaction) => {
        await transaction.insertMany("rows_in", slowly());
        await transaction.transaction(async (nested) => {
          await nested.insertMany("rows_in", [{ id: ROWS, word: "last" }]);
        });
      });
    expect(await inserting(insert, ROWS + 1)).toBeGreaterThan(9);
  }, 60_000);

  test("a transaction with nested ones, two deep, is done in whole or not at all", async () => {
    const add = (id: number) => sql`insert into rows_in values (${id}, ${"w"})`;
    const work = (pool: Pool) =>
      pool.transaction(async (outer) => {
        await outer.execute(add(1));
        await outer.transaction(async (middle) => {
          await middle.execute(add(2));
          await middle.transaction((inmost) => inmost.execute(add(3)));
          const failing = middle.transaction(async (inmost) => {
            await inmost.execute(add(4));
            throw new RangeError("no");
          });
          await failing.catch((error: unknown) => {
            if (!(error instanceof RangeError)) throw error;
          });
          await middle.execute(add(5));
        });
      });
    expect(await inserting(work, 4)).toBeGreaterThan(12);
  }, 60_000);

  test("a nested transaction that is caught is undone in whole, or dooms the outer one", async () => {
    const add = (id: number) => sql`insert into rows_in values (${id}, ${"w"})`;
    const begun = async (outer: Transaction): Promise<void> => {
      await outer.execute(add(1));
      const nested = outer.transaction(async (inner) => {
        await inner.execute(add(2));
        await inner.execute(add(3));
      });
      await nested.catch(() => null);
      await outer.execute(add(4));
    };
    const points = await cancelAtEachWait({
      database,
      server: at.server,
      prepare: clear,
      async work(pool) {
        try {
          await pool.transaction(begun);
        } catch (error) {
          // Whether a SAVEPOINT that was cut short is there, nobody knows.
          if (!(error instanceof TransactionAbortedError)) throw error;
        }
      },
      async look(pool) {
        const rows = await pool.query<{ id: number }>(sql`select id from rows_in order by id`);
        const ids = rows.map(({ id }) => id).join();
        mustHold(["", "1,4", "1,2,3,4"].includes(ids), () => `rows ${ids}`);
      },
    });
    expect(points).toBeGreaterThan(7);
  }, 60_000);

  test("a stream of rows, read to its end, left early, or in a transaction, leaves nothing running", async () => {
    const read = async (from: Pick<Pool, "stream">, last: string): Promise<void> => {
      for await (const { n } of from.stream(database.series(60), { batchSize: 20 })) {
        if (n === "30") await sleep(1);
        if (n === last) break;
      }
    };
    const points = await cancelAtEachWait({
      database,
      server: at.server,
      prepare: clear,
      async work(pool) {
        await read(pool, "none");
        await read(pool, "25");
        await pool.transaction(async (transaction) => {
          await read(transaction, "none");
          await read(transaction, "25");
        });
      },
      async look(pool) {
        const running = await pool.queryValue<number>(database.running("60"));
        mustHold(running === 0, () => `${running} statements still run`);
      },
    });
    expect(points).toBeGreaterThan(15);
  }, 60_000);
});
