/**
 * COPY and LISTEN, cancelled at every await point, and at the end of a COPY at every moment: all or nothing, and the pool
 * is whole. Against a real server, in real time.
 */
import { createTask, gather, isCancelled, run, sleep } from "ambit";
import {
  CommitUnknownError,
  copyFrom,
  copyTo,
  createPool,
  type PoolOptions,
  type PostgresPool,
  sql,
} from "ambit/postgres";
import { beforeEach, describe, expect, test } from "vitest";
import type { PostgresLink } from "../../src/postgres/postgresLink.ts";
import { postgresMissing, servePostgres } from "../servers/databases.ts";
import { postgres } from "../sql/databases.ts";
import { type Cancelled, cancelAtEachWait, mustHold } from "../sql/everyWait.ts";

const INTO = sql`copy copied from stdin csv`;
/** More than a socket takes at once, so that the sender has to wait. */
const LARGE = "x".repeat(16_000_000);

describe.skipIf(postgresMissing() !== null)("PostgreSQL, cancelled at every await point", () => {
  const at = servePostgres();
  const inPool = <T>(
    body: (pool: PostgresPool) => Promise<T>,
    options: PoolOptions = {},
  ): Promise<T> =>
    run(async () => {
      await using pool = createPool({ url: at.server.url, integers: "number", ...options });
      return await body(pool);
    });
  const countOf = (pool: PostgresPool) => pool.queryValue<number>(sql`select count(*) from copied`);
  const everywhere = (
    plan: Pick<Cancelled<PostgresPool>, "prepare" | "work" | "look">,
  ): Promise<number> =>
    cancelAtEachWait({
      database: postgres,
      server: at.server,
      createPool: (options) => createPool({ url: at.server.url, integers: "number", ...options }),
      ...plan,
    });

  beforeEach(async () => {
    await inPool(async (pool) => {
      await pool.execute(sql`drop table if exists copied`);
      await pool.execute(sql`create table copied (id int primary key, word text)`);
    });
  });

  test("a copy has inserted all when it returns, and nothing otherwise", async () => {
    let open = 0;
    async function* source(): AsyncGenerator<string, void> {
      open++;
      try {
        yield "1,one\n2,two\n";
        await sleep(1);
        yield `3,${LARGE}\n`;
        await sleep(1);
        yield "4,four\n";
      } finally {
        open--;
      }
    }
    const copying = (copy: Cancelled<PostgresPool>["work"], all: number) =>
      everywhere({
        prepare: (pool) => pool.execute(sql`delete from copied`),
        work: copy,
        async look(pool, done) {
          const count = await countOf(pool);
          mustHold(count === (done ? all : 0), () => `${count} rows, though done is ${done}`);
          mustHold(open === 0, () => "the source was not told to end");
        },
      });
    const alone = await copying((pool) => copyFrom(pool, INTO, source()), 4);
    expect(alone).toBeGreaterThan(4);
    const inTransaction = await copying(
      (pool) =>
        pool.transaction(async (transaction) => {
          await copyFrom(transaction, INTO, source());
          await transaction.transaction((nested) => copyFrom(nested, INTO, ["5,five\n"]));
        }),
      5,
    );
    expect(inTransaction).toBeGreaterThan(alone + 4);
  }, 60_000);

  test("a copy out, read to its end or left early, leaves nothing running", async () => {
    const out = sql`copy (select repeat('x', 20000) as copied_out from generate_series(1, 400)) to stdout`;
    const points = await everywhere({
      prepare: async () => {},
      async work(pool) {
        let size = 0;
        for await (const chunk of copyTo(pool, out)) {
          if (size === 0) await sleep(1);
          size += chunk.length;
        }
        mustHold(size === 400 * 20_001, () => `${size} bytes`);
        for await (const _ of copyTo(pool, out)) break;
        await pool.transaction(async (transaction) => {
          for await (const _ of copyTo(transaction, out)) break;
          await transaction.query(postgres.echo(1));
        });
      },
      async look(pool) {
        const running = await pool.queryValue<number>(postgres.running("copied_out"));
        mustHold(running === 0, () => `${running} copies still run`);
      },
    });
    expect(points).toBeGreaterThan(8);
  }, 60_000);

  test("who listens listens no more, on the server and here, and no connection is kept", async () => {
    const heard = sql<{ channel: string }>`select pg_listening_channels() as channel`;
    const points = await everywhere({
      prepare: async () => {},
      async work(pool) {
        await using news = await pool.listen("first", "second");
        await pool.notify("second", "one");
        const { value } = await news.next();
        mustHold(value?.payload === "one", () => `heard ${value?.payload}`);
        await pool.transaction((own) => own.query(sql`select pg_notify(${"first"}, ${"two"})`));
        for await (const { payload } of news) if (payload === "two") break;
      },
      async look(pool) {
        const links = [pool.lendNow(), pool.lendNow()] as PostgresLink[];
        const listeners = links.map(({ client }) => client.listenerCount("notification"));
        for (const link of links) pool.takeBack(link);
        mustHold(listeners.join() === "0,0", () => `listeners: ${listeners.join()}`);
        const ask = () => pool.transaction((own) => own.query(heard));
        const channels = (await gather([ask, ask])).flat();
        mustHold(channels.length === 0, () => `it listens to ${JSON.stringify(channels)}`);
      },
    });
    expect(points).toBeGreaterThan(6);
  }, 60_000);

  /** Rows are checked at the end of what inserts them, for a minute. */
  async function makeSlow(pool: PostgresPool): Promise<void> {
    await pool.execute(
      sql.raw(`create or replace function be_slow() returns trigger language plpgsql as
        $$ begin perform pg_sleep(60); return null; end $$`),
    );
    await pool.execute(
      sql.raw(`create constraint trigger slow after insert on copied
        deferrable initially deferred for each row execute function be_slow()`),
    );
  }

  test("the end of a copy that takes long is stopped, and nothing is inserted", async () => {
    await inPool(
      async (pool) => {
        await makeSlow(pool);
        const task = createTask(() => copyFrom(pool, INTO, ["1,one\n"]));
        await sleep(100);
        task.cancel();
        expect(await task.then(null, isCancelled)).toBe(true);
        expect(await countOf(pool)).toBe(0);
        expect(pool.statistics()).toMatchObject({ opened: 1, destroyed: 0, kills: 1 });
      },
      { max: 1 },
    );
  });

  test("a cancel near the end of a copy is told as one only when nothing was inserted", async () => {
    await inPool(
      async (pool) => {
        const told = { inserted: 0, cancelled: 0 };
        for (let id = 0; id < 300; id++) {
          const task = createTask(async () => {
            const count = await copyFrom(pool, INTO, [`${id},w\n`]);
            // The cancel that came too late is for this wait.
            await sleep(0).catch((error: unknown) => {
              if (!isCancelled(error)) throw error;
            });
            return count;
          });
          for (let turn = 0; turn < id % 12; turn++) await sleep(0);
          task.cancel();
          const count = await task.then(null, (error: unknown) => (isCancelled(error) ? 0 : -1));
          const found = await pool.query(sql`select id from copied where id = ${id}`);
          expect(found).toHaveLength(count);
          if (count === 1) told.inserted++;
          else told.cancelled++;
        }
        expect(Math.min(told.inserted, told.cancelled)).toBeGreaterThan(0);
        expect(pool.statistics()).toMatchObject({ opened: 1, destroyed: 0 });
      },
      { max: 1 },
    );
  }, 60_000);

  test("a copy whose end the server does not answer is told as unknown, not as cancelled", async () => {
    await inPool(
      async (pool) => {
        await makeSlow(pool);
        const task = createTask(() => copyFrom(pool, INTO, ["1,one\n"]));
        await sleep(100);
        // It takes no new connections then, so no requests to cancel either.
        await at.server.pause();
        try {
          task.cancel();
          await expect(task).rejects.toBeInstanceOf(CommitUnknownError);
        } finally {
          at.server.resume();
        }
        expect(pool.statistics()).toMatchObject({ inUse: 0, destroyed: 1 });
        const left = sql`select pg_terminate_backend(pid) from pg_stat_activity
          where query like 'copy%' and pid <> pg_backend_pid()`;
        await pool.query(left);
        expect(await countOf(pool)).toBe(0);
      },
      { killTimeout: 100, max: 1 },
    );
  });
});
