/**
 * The server is killed and started again in the middle of transfers between accounts: nothing hangs, nothing is half
 * done, and the pool goes on. Against the real servers, in real time.
 */
import { createTask, gather, isCancelled, run, sleep } from "ambit";
import {
  CommitUnknownError,
  DatabaseConnectionError,
  DatabaseError,
  type Pool,
  sql,
} from "ambit/postgres";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

const ACCOUNTS = 10;
const START = 1000;

describeDatabases("when the server is killed", (database, at) => {
  const total = async (pool: Pool): Promise<number> =>
    Number(await pool.queryValue(sql`select sum(cents) from accounts`));

  async function fill(pool: Pool): Promise<void> {
    await pool.execute(sql`drop table if exists transfers`);
    await pool.execute(sql`drop table if exists accounts`);
    await pool.execute(sql`create table accounts (id int primary key, cents int not null)`);
    await pool.execute(sql`create table transfers (id varchar(20) primary key)`);
    for (let id = 0; id < ACCOUNTS; id++)
      await pool.execute(sql`insert into accounts values (${id}, ${START})`);
  }

  async function transfer(pool: Pool, id: string, from: number, to: number): Promise<void> {
    await pool.transaction(
      async (transaction) => {
        const add = (account: number, cents: number) =>
          transaction.execute(
            sql`update accounts set cents = cents + ${cents} where id = ${account}`,
          );
        // In order of the accounts, so that deadlocks are few.
        await add(Math.min(from, to), from < to ? -1 : 1);
        await add(Math.max(from, to), from < to ? 1 : -1);
        await transaction.execute(sql`insert into transfers values (${id})`);
      },
      { attempts: 10 },
    );
  }

  test(
    "each transfer is done in whole or not at all, and told truly",
    { timeout: 120_000 },
    async () => {
      await run(async () => {
        await using pool = database.createPool(at.server, { max: 8, commitTimeout: 20_000 });
        await fill(pool);
        const done = new Set<string>();
        const failed = new Set<string>();
        const unknown = new Set<string>();
        const state = { stop: false };
        const worker = (name: number) => async () => {
          for (let turn = 0; !state.stop; turn++) {
            const id = `${name}-${turn}`;
            try {
              await transfer(pool, id, (name + turn) % ACCOUNTS, (name * 3 + turn + 1) % ACCOUNTS);
              done.add(id);
            } catch (error) {
              if (!(error instanceof DatabaseError)) throw error;
              (error instanceof CommitUnknownError ? unknown : failed).add(id);
              await sleep(5);
            }
          }
        };
        const workers = createTask(() =>
          gather(Array.from({ length: 16 }, (_, name) => worker(name))),
        );
        for (let crash = 0; crash < 3; crash++) {
          const before = done.size;
          while (done.size < before + 30) await sleep(5);
          await at.server.kill();
          await at.server.restart();
        }
        const before = done.size;
        while (done.size < before + 30) await sleep(5);
        state.stop = true;
        await workers;
        const kept = new Set(
          (await pool.query<{ id: string }>(sql`select id from transfers`)).map(({ id }) => id),
        );
        expect(await total(pool)).toBe(ACCOUNTS * START);
        expect([...done].filter((id) => !kept.has(id))).toEqual([]);
        expect([...failed].filter((id) => kept.has(id))).toEqual([]);
        expect(failed.size + unknown.size).toBeGreaterThan(0);
        expect([...kept].every((id) => done.has(id) || unknown.has(id))).toBe(true);
        expect(pool.statistics()).toMatchObject({ inUse: 0, waiting: 0 });
        expect(pool.statistics().destroyed).toBeGreaterThan(0);
      });
    },
  );

  test("who runs a statement and who waits for a connection hear of it at once", async () => {
    await run(async () => {
      await using pool = database.createPool(at.server, { max: 2, acquireTimeout: Infinity });
      const tasks = Array.from({ length: 6 }, () =>
        createTask(() => pool.query(database.sleep(60))),
      );
      while (pool.statistics().inUse < 2) await sleep(5);
      await sleep(20);
      await at.server.kill();
      for (const task of tasks) {
        const error: unknown = await task.then(null, (error: unknown) => error);
        expect(error).toBeInstanceOf(DatabaseConnectionError);
        expect(isCancelled(error)).toBe(false);
      }
      expect(pool.statistics()).toMatchObject({ size: 0, inUse: 0, waiting: 0 });
      await expect(pool.query(sql`select 1`)).rejects.toThrow(/can't connect to .*ECONNREFUSED/);
      await at.server.restart();
      expect(await pool.query(database.echo(1))).toEqual([{ id: 1 }]);
    });
  });
});
