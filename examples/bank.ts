/*
 * A bank: many tellers move money between accounts of a real database, customers change their minds at random times, and
 * whoever likes may kill the server meanwhile. The sum stays what it was.
 *
 * Each transfer is a transaction: a cancel stops the statement that runs, on the server, and undoes the rest; a conflict
 * with another teller is tried again. Run it with the URL of MariaDB, MySQL or PostgreSQL, and try
 * `systemctl restart` in another terminal. It makes a table of its own, `ambit_bank`, and removes it.
 */
import { gather, moveOnAfter, run, sleep } from "ambit";
import { createPool as createMysqlPool } from "ambit/mysql";
import { createPool as createPostgresPool, DatabaseError, type Pool, sql } from "ambit/postgres";

interface Output {
  write(text: string): unknown;
}

const accounts = 100;
const each = 1000;
const tellers = 16;

function poolFor(url: string): Pool {
  const options = { url, max: 8, integers: "number", acquireTimeout: 5000 } as const;
  return /^(mysql|mariadb):/.test(url) ? createMysqlPool(options) : createPostgresPool(options);
}

async function open(pool: Pool): Promise<void> {
  await pool.execute(sql`drop table if exists ambit_bank`);
  await pool.execute(sql`create table ambit_bank (id int primary key, cents int not null)`);
  const rows = Array.from({ length: accounts }, (_, id) => ({ id, cents: each }));
  await pool.insertMany("ambit_bank", rows);
}

/** All or nothing. */
async function transfer(pool: Pool, from: number, to: number, cents: number): Promise<void> {
  await pool.transaction(
    async (transaction) => {
      const add = (id: number, change: number) =>
        transaction.execute(sql`update ambit_bank set cents = cents + ${change} where id = ${id}`);
      await add(from, -cents);
      await add(to, cents);
    },
    { attempts: 10 },
  );
}

/** The sum, as soon as the server can be asked. */
async function total(pool: Pool): Promise<number> {
  for (;;) {
    try {
      return Number(await pool.queryValue(sql`select sum(cents) from ambit_bank`));
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      await sleep(50);
    }
  }
}

class Tally {
  done = 0;
  cancelled = 0;
  failed = 0;
  looks = 0;
  wrong = 0;
}

const anyOf = (count: number) => Math.floor(Math.random() * count);

/** One after the other; of some, the customer thinks better before they are done. */
async function teller(pool: Pool, tally: Tally): Promise<never> {
  for (;;) {
    const patience = Math.random() < 0.3 ? Math.random() * 5 : Infinity;
    try {
      const { cancelledCaught } = await moveOnAfter(patience, () =>
        transfer(pool, anyOf(accounts), anyOf(accounts), anyOf(100)),
      );
      if (cancelledCaught) tally.cancelled++;
      else tally.done++;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      // The server is away: the next transfer waits a little.
      tally.failed++;
      await sleep(20);
    }
  }
}

async function auditor(pool: Pool, tally: Tally): Promise<never> {
  for (;;) {
    const sum = await total(pool);
    tally.looks++;
    if (sum !== accounts * each) tally.wrong++;
    await sleep(20);
  }
}

export async function main(out: Output, url?: string, ms = 3000): Promise<void> {
  if (url === undefined) {
    out.write("bank: no server is given: npm run example bank postgres://user@localhost/test\n");
    return;
  }
  await run(async () => {
    await using pool = poolFor(url);
    await open(pool);
    const tally = new Tally();
    const staff = Array.from({ length: tellers }, () => () => teller(pool, tally));
    await moveOnAfter(ms, () => gather([...staff, () => auditor(pool, tally)]));
    const { done, cancelled, failed, looks, wrong } = tally;
    const { kills } = pool.statistics();
    out.write(`transfers: ${done} done, ${cancelled} cancelled, ${failed} without a server\n`);
    out.write(`statements stopped on the server: ${kills}\n`);
    out.write(`audits: ${looks}, of which ${wrong} found a wrong sum\n`);
    out.write(`in all: ${await total(pool)} of ${accounts * each}\n`);
    await pool.execute(sql`drop table ambit_bank`);
  });
}

/* Output, when no server is given:
bank: no server is given: npm run example bank postgres://user@localhost/test
*/
