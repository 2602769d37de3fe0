/**
 * What is MySQL's and MariaDB's own: their types, errors, procedures. Against a real server, in real time.
 */
import { createTask, run, sleep, timeout } from "ambit";
import {
  ConstraintError,
  createPool,
  DatabaseConnectionError,
  type MysqlOptions,
  type MysqlPool,
  QueryInterruptedError,
  sql,
  SqlSyntaxError,
  TransactionConflictError,
  ValueError,
} from "ambit/mysql";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { mariadbMissing, serveMariadb } from "../servers/databases.ts";

const CERTIFICATE = join(import.meta.dirname, "../streams/certificate");

describe.skipIf(mariadbMissing() !== null)("MariaDB", () => {
  const at = serveMariadb();
  const inPool = <T>(
    body: (pool: MysqlPool) => Promise<T>,
    options: MysqlOptions = {},
  ): Promise<T> =>
    run(async () => {
      await using pool = createPool({ url: at.server.url, ...options });
      return await body(pool);
    });

  test("loses nothing of what it sends, by either protocol", async () => {
    await inPool(async (pool) => {
      await pool.execute(sql`create table kinds (
        id bigint auto_increment primary key, big bigint unsigned, price decimal(30, 10), flag tinyint(1),
        day date, moment datetime(6), stamp timestamp(6) null, span time(3), bytes blob, ratio double, doc json)`);
      const row = {
        big: 18446744073709551615n,
        price: "12345678901234567890.0123456789",
        flag: 1,
        day: "2026-11-26",
        moment: "2026-11-26 01:02:03.123456",
        stamp: "2026-11-26 01:02:03.654321",
        span: "-12:30:00.125",
        bytes: Buffer.from([0, 39, 92, 255]),
        ratio: 0.1,
        doc: { a: [1, 2] },
      };
      expect(await pool.insertMany("kinds", [row])).toBe(1);
      expect(await pool.query(sql`select * from kinds`)).toEqual([{ id: 1n, ...row }]);
      expect(await pool.query(sql`select * from kinds where id = ${1n}`)).toEqual([
        { id: 1n, ...row },
      ]);
      expect(await pool.execute(sql`insert into kinds (flag) values (${true})`)).toEqual({
        affectedRows: 1,
        insertId: 2,
      });
      const date = new Date("2026-11-26T01:02:03.123Z");
      const at = sql`select moment from kinds where moment > ${date} and id = ${1}`;
      expect(await pool.queryValue(at)).toBe(row.moment);
      expect(
        await pool.query(sql`select id from kinds order by id limit ${1} offset ${1}`),
      ).toEqual([{ id: 2n }]);
    });
    await inPool(
      async (pool) => {
        const handy = sql`select id, moment from kinds where id = ${1}`;
        expect(await pool.queryOne(handy)).toEqual({
          id: 1,
          moment: new Date("2026-11-26T01:02:03.123Z"),
        });
        await expect(pool.query(sql`select big from kinds`)).rejects.toBeInstanceOf(ValueError);
        expect(pool.statistics()).toMatchObject({ opened: 1, destroyed: 0 });
      },
      { integers: "number", timestamps: "date", max: 1 },
    );
  });

  test("inserts lists and objects among many rows as JSON, and refuses statements", async () => {
    await inPool(async (pool) => {
      await pool.execute(sql`create table lists (id int primary key, list json)`);
      const rows = Array.from({ length: 300 }, (_, id) => ({ id, list: [id, [id, "x"]] }));
      expect(await pool.insertMany("lists", rows)).toBe(300);
      expect(await pool.query(sql`select id, list from lists order by id`)).toEqual(rows);
      const statement = [{ id: 1000, list: sql`now()` }];
      await expect(pool.insertMany("lists", statement)).rejects.toThrow(
        "rows[0].list is a statement: rows of insertMany hold values",
      );
    });
  });

  test("never takes an object for SQL, nor two statements for one", async () => {
    await inPool(async (pool) => {
      await pool.execute(sql`create table users (name varchar(20), word varchar(20))`);
      await pool.execute(sql`insert into users values (${"ann"}, ${"x"})`);
      const injected = { word: 1 } as unknown;
      const found = await pool.query(
        sql`select name from users where name = ${"ann"} and word = ${injected}`,
      );
      expect(found).toEqual([]);
      await expect(pool.query(sql.raw("select 1; select 2"))).rejects.toBeInstanceOf(
        SqlSyntaxError,
      );
      await expect(pool.query(sql`select ${Number.NaN}`)).rejects.toThrow("a finite number");
      await expect(pool.query(sql`select ${undefined}`)).rejects.toThrow("Expected `parameter`");
    });
  });

  test("tells errors by what one can do about them, with the SQL and without the values", async () => {
    await inPool(async (pool) => {
      await pool.execute(
        sql`create table people (id int primary key, name varchar(30) not null, age int,
            unique key by_name (name), constraint grown check (age > 0)) engine = innodb`,
      );
      await pool.execute(
        sql`create table pets (owner int, constraint owned foreign key (owner) references people (id))`,
      );
      const insert = (id: number, name: string | null, age: number) =>
        pool.execute(sql`insert into people values (${id}, ${name}, ${age})`);
      await insert(1, "confidential", 1);
      const failures = [
        [() => insert(2, "confidential", 1), { kind: "unique", constraint: "by_name" }],
        [() => insert(3, null, 1), { kind: "notNull", column: "name" }],
        [() => insert(4, "x", -77123), { kind: "check", constraint: "grown" }],
        [
          () => pool.execute(sql`insert into pets values (${99})`),
          { kind: "foreignKey", constraint: "owned" },
        ],
      ] as const;
      for (const [fail, fields] of failures) {
        const error: unknown = await fail().catch((error: unknown) => error);
        expect(error).toBeInstanceOf(ConstraintError);
        expect(error).toMatchObject(fields);
        expect(String(error)).toContain("in: insert into");
        expect(inspect(error)).not.toMatch(/confidential|77123/);
      }
      await expect(pool.query(sql`selec ${1}`)).rejects.toBeInstanceOf(SqlSyntaxError);
      const task = createTask(() => pool.query(sql`select sleep(60) as victim`));
      const victim = sql<{
        id: bigint;
      }>`select id from information_schema.processlist where info like '%victim' and id <> connection_id()`;
      let [found] = await pool.query(victim);
      while (found === undefined) {
        await sleep(5);
        [found] = await pool.query(victim);
      }
      await pool.execute(sql.raw(`kill query ${found.id}`));
      await expect(task).rejects.toBeInstanceOf(QueryInterruptedError);
    });
  });

  test("gives up a lock that it does not get, and the transaction may be tried again", async () => {
    await inPool(async (pool) => {
      await pool.execute(sql`create table locked (id int primary key) engine = innodb`);
      await pool.execute(sql`insert into locked values (${1})`);
      await pool.transaction(async (transaction) => {
        await transaction.query(sql`select * from locked for update`);
        await using other = await pool.acquire();
        await other.execute(sql`set innodb_lock_wait_timeout = 1`);
        const waiting = other.execute(sql`delete from locked where id = ${1}`);
        await expect(waiting).rejects.toBeInstanceOf(TransactionConflictError);
        await expect(waiting).rejects.toMatchObject({ kind: "lockTimeout" });
      });
    });
  });

  test("gives the rows of a procedure", async () => {
    await inPool(async (pool) => {
      await pool.execute(
        sql.raw("create procedure twice(in n int) begin select n * 2 as doubled; end"),
      );
      expect(await pool.query(sql`call twice(${21})`)).toEqual([{ doubled: expect.anything() }]);
    });
  });

  test("is spoken to over TLS, cancels included", async () => {
    const ca = readFileSync(join(CERTIFICATE, "ca.pem"));
    await inPool(
      async (pool) => {
        const [cipher] = await pool.query<{ Value: string }>(sql`show status like 'Ssl_cipher'`);
        expect(cipher?.Value).not.toBe("");
        const cut = timeout(50, () => pool.query(sql`select sleep(60)`));
        await expect(cut).rejects.toMatchObject({ name: "TimeoutError" });
        expect(pool.statistics()).toMatchObject({ destroyed: 0 });
      },
      { host: "localhost", tls: { ca } },
    );
    await inPool(
      async (pool) => {
        await expect(pool.query(sql`select 1`)).rejects.toBeInstanceOf(DatabaseConnectionError);
      },
      { tls: true },
    );
  });

  test("refuses a URL that is none, without telling what it holds", () => {
    const make = () => createPool({ url: "postgres://u:secret@h/d" });
    expect(make).toThrow("Expected `options.url` to be a URL such as mysql://");
    expect(make).not.toThrow(/secret/);
  });
});
