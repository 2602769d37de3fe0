/**
 * What only PostgreSQL has: its types, COPY, LISTEN, prepared statements. Against a real server, in real time.
 */
import { createTask, isCancelled, run, sleep, timeout } from "ambit";
import {
  ConstraintError,
  copyFrom,
  copyTo,
  createPool,
  DatabaseConnectionError,
  DatabaseError,
  type PostgresOptions,
  type PostgresPool,
  QueryInterruptedError,
  sql,
  SqlSyntaxError,
  TransactionAbortedError,
  ValueError,
} from "ambit/postgres";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import type { PostgresLink } from "../../src/postgres/postgresLink.ts";
import { postgresMissing, servePostgres } from "../servers/databases.ts";

const CERTIFICATE = join(import.meta.dirname, "../streams/certificate");

describe.skipIf(postgresMissing() !== null)("PostgreSQL", () => {
  const at = servePostgres();
  const inPool = <T>(
    body: (pool: PostgresPool) => Promise<T>,
    options: PostgresOptions = {},
  ): Promise<T> =>
    run(async () => {
      await using pool = createPool({ url: at.server.url, ...options });
      return await body(pool);
    });

  test("loses nothing of what it sends", async () => {
    await inPool(async (pool) => {
      const row = await pool.queryOne(sql`select
        9007199254740993::int8 as long, 7::int4 as int, 1.5::float8 as float, 'NaN'::float8 as nan,
        12345678901234567890.123456789::numeric as decimal, true as yes, null as nothing,
        '\\x00ff'::bytea as bytes, '2026-11-26'::date as day,
        '2026-11-26 01:02:03.123456'::timestamp as local,
        '2026-11-26 01:02:03.123456+00'::timestamptz at time zone 'UTC' as instant,
        '{"a":[1,2]}'::jsonb as doc, array[1::int8, null] as longs,
        array['a', 'b"c', 'NULL', null] as texts, 'infinity'::timestamptz as never`);
      expect(row).toEqual({
        long: 9007199254740993n,
        int: 7,
        float: 1.5,
        nan: Number.NaN,
        decimal: "12345678901234567890.123456789",
        yes: true,
        nothing: null,
        bytes: Buffer.from([0, 255]),
        day: "2026-11-26",
        local: "2026-11-26 01:02:03.123456",
        instant: "2026-11-26 01:02:03.123456",
        doc: { a: [1, 2] },
        longs: [1n, null],
        texts: ["a", 'b"c', "NULL", null],
        never: "infinity",
      });
    });
  });

  test("takes values as they are", async () => {
    await inPool(async (pool) => {
      const date = new Date("2026-11-26T01:02:03.456Z");
      const bytes = Buffer.from([0, 1, 92, 255]);
      const row = await pool.queryOne(sql`select
        ${2n ** 62n}::int8 as long, ${bytes}::bytea as bytes, ${["x", null, 'q"']}::text[] as texts,
        ${[bytes]}::bytea[] as many, ${{ a: 1 }}::jsonb as doc, ${date}::timestamptz = ${date.toISOString()}::timestamptz as same,
        ${null}::int as nothing, ${"it's"}::text as text`);
      expect(row).toEqual({
        long: 2n ** 62n,
        bytes,
        texts: ["x", null, 'q"'],
        many: [bytes],
        doc: { a: 1 },
        same: true,
        nothing: null,
        text: "it's",
      });
      const refused = pool.query(sql`select ${undefined}::text`);
      await expect(refused).rejects.toThrow("Expected `parameter`");
      expect(pool.statistics()).toMatchObject({ idle: 1, destroyed: 0 });
    });
  });

  test("gives what is handier when it is asked to, and says when that would lose something", async () => {
    await inPool(
      async (pool) => {
        const instant = sql`select '2026-11-26 01:02:03.5+02'::timestamptz as at, 5::int8 as n`;
        expect(await pool.queryOne(instant)).toEqual({
          at: new Date("2026-11-25T23:02:03.5Z"),
          n: 5,
        });
        const big = pool.query(sql`select 9007199254740993::int8`);
        await expect(big).rejects.toBeInstanceOf(ValueError);
        const never = pool.query(sql`select 'infinity'::timestamptz`);
        await expect(never).rejects.toThrow("read it with { timestamps: 'string' }");
        expect(await pool.queryValue(sql`select 'a'::varchar`)).toBe("A");
      },
      { integers: "number", timestamps: "date", types: { 1043: (text) => text.toUpperCase() } },
    );
  });

  test("tells errors by what one can do about them, with the SQL and without the values", async () => {
    await inPool(async (pool) => {
      await pool.execute(
        sql`create table people (id int primary key, name text not null unique, age int check (age > 0))`,
      );
      const insert = (id: number, name: string | null, age: number) =>
        pool.execute(sql`insert into people values (${id}, ${name}, ${age})`);
      await insert(1, "confidential", 1);
      const failures = [
        [() => insert(2, "confidential", 1), { kind: "unique", constraint: "people_name_key" }],
        [() => insert(3, null, 1), { kind: "notNull", column: "name" }],
        [() => insert(4, "x", -77123), { kind: "check", constraint: "people_age_check" }],
      ] as const;
      for (const [fail, fields] of failures) {
        // One after the other: the stack tells of who awaits it when it fails.
        const error: unknown = await fail().catch((error: unknown) => error);
        expect(error).toBeInstanceOf(ConstraintError);
        expect(error).toMatchObject({ ...fields, table: "people" });
        expect(String(error)).toContain("in: insert into people values ($1, $2, $3)");
        expect(inspect(error)).not.toMatch(/confidential|77123/);
        expect((error as DatabaseError).driverError).toBeInstanceOf(Error);
        expect((error as Error).stack).toContain("features.test.ts");
      }
      const wrong: unknown = await pool
        .query(sql`select ${"s3cret"}::int`)
        .catch((error: unknown) => error);
      expect(wrong).toMatchObject({ name: "DatabaseError", code: "22P02" });
      expect(inspect(wrong)).not.toContain("s3cret");
      await expect(pool.query(sql`selec 1`)).rejects.toBeInstanceOf(SqlSyntaxError);
      const task = createTask(() => pool.query(sql`select pg_sleep(60) as victim`));
      const others = sql`select pg_cancel_backend(pid) from pg_stat_activity
        where query like '%victim' and pid <> pg_backend_pid() and state = 'active'`;
      while ((await pool.query(others)).length === 0) await sleep(5);
      await expect(task).rejects.toBeInstanceOf(QueryInterruptedError);
      const aborted = pool.transaction(async (transaction) => {
        await transaction.query(sql`select nonsense`).catch(() => null);
      });
      await expect(aborted).rejects.toBeInstanceOf(TransactionAbortedError);
    });
  });

  test("prepares statements once, forgets those long unused, and again after a change of the table", async () => {
    await inPool(
      async (pool) => {
        const prepared = () =>
          pool.queryValue<bigint>(sql`select count(*) from pg_prepared_statements`);
        await pool.execute(sql`create table shape (a int)`);
        for (let turn = 0; turn < 20; turn++) {
          await pool.query(sql.raw(`select ${turn} as turn`));
          expect(await pool.query(sql`select * from shape where 1 = ${1}`)).toEqual([]);
        }
        expect(await prepared()).toBeLessThanOrEqual(6n);
        await pool.execute(sql`alter table shape add column b int`);
        await pool.execute(sql`insert into shape values (${1}, ${2})`);
        expect(await pool.query(sql`select * from shape where 1 = ${1}`)).toEqual([{ a: 1, b: 2 }]);
        await pool.execute(sql`deallocate all`);
        expect(await pool.query(sql`select * from shape where 1 = ${1}`)).toHaveLength(1);
        expect(pool.statistics()).toMatchObject({ opened: 1 });
      },
      { max: 1, preparedStatements: 5 },
    );
    await inPool(
      async (pool) => {
        expect(await pool.queryValue(sql`select ${5}::int`)).toBe(5);
        expect(await pool.queryValue(sql`select count(*) from pg_prepared_statements`)).toBe(0n);
      },
      { preparedStatements: 0 },
    );
  });

  test("sends a statement in one piece, and what is large as it is", async () => {
    await inPool(
      async (pool) => {
        const echo = (text: string, bytes: Buffer) =>
          pool.queryOne(sql`select ${text}::text as text, ${bytes}::bytea as bytes`);
        for (const size of [0, 1, 16_000, 17_000, 1_000_000]) {
          const [text, bytes] = ["ä".repeat(size), Buffer.alloc(size, 7)];
          expect(await echo(text, bytes)).toEqual({ text, bytes });
        }
        const link = pool.lendNow() as PostgresLink;
        pool.takeBack(link);
        const { stream } = link.client.connection;
        const writes = vi.spyOn(stream, "write");
        await echo("small", Buffer.of(1));
        expect(writes).toHaveBeenCalledTimes(1);
        writes.mockRestore();
      },
      { max: 1 },
    );
  });

  test("copies data in and out, and neither goes on after a cancel", async () => {
    await inPool(
      async (pool) => {
        await pool.execute(sql`create table copied (id int primary key, word text)`);
        const lines = ["1,one\n2,t", "wo\n", Buffer.from("3,three\n")];
        expect(await copyFrom(pool, sql`copied`, lines).catch((e: unknown) => e)).toBeInstanceOf(
          SqlSyntaxError,
        );
        expect(await copyFrom(pool, sql`copy copied from stdin csv`, lines)).toBe(3);
        const out = [];
        for await (const chunk of copyTo(pool, sql`copy copied to stdout csv`)) out.push(chunk);
        expect(Buffer.concat(out).toString()).toBe("1,one\n2,two\n3,three\n");
        const bad = copyFrom(pool, sql`copy copied from stdin csv`, ["9,x\n", "no number,x\n"]);
        await expect(bad).rejects.toBeInstanceOf(DatabaseError);
        await expect(copyFrom(pool, sql`select 1`, [])).rejects.toThrow("it is no COPY");
        async function* endless() {
          for (let id = 10; ; id++) {
            if (id % 1000 === 0) await sleep(1);
            yield `${id},${"x".repeat(500)}\n`;
          }
        }
        const endlessIn = timeout(300, () =>
          copyFrom(pool, sql`copy copied from stdin csv`, endless()),
        );
        await expect(endlessIn).rejects.toMatchObject({ name: "TimeoutError" });
        for await (const _ of copyTo(
          pool,
          sql`copy (select repeat('x', 1000) from generate_series(1, 200000)) to stdout`,
        ))
          break;
        expect(await pool.queryValue(sql`select count(*) from copied`)).toBe(3n);
        expect(pool.statistics()).toMatchObject({ opened: 1, inUse: 0, destroyed: 0 });
      },
      { max: 1 },
    );
  });

  test("copies out to who leaves early, when much or all of it has come, in a transaction too", async () => {
    await inPool(
      async (pool) => {
        const all = sql`copy (select generate_series(1, 2000)) to stdout`;
        const endless = sql`copy (select repeat('x', 1000) from generate_series(1, 2000000)) to stdout -- all`;
        for (const statement of [all, endless]) {
          const stream = copyTo(pool, statement);
          await stream.next();
          // The rest comes, as far as there is room.
          await sleep(50);
          await stream.return();
          expect(await pool.queryValue(sql`select 1`)).toBe(1);
          await pool.transaction(async (transaction) => {
            await transaction.execute(sql`create table if not exists kept (id int)`);
            await transaction.execute(sql`insert into kept values (1)`);
            for await (const _ of copyTo(transaction, statement)) break;
            await transaction.execute(sql`insert into kept values (2)`);
          });
        }
        expect(await pool.queryValue(sql`select count(*) from kept`)).toBe(4n);
        expect(pool.statistics()).toMatchObject({ opened: 1, inUse: 0, destroyed: 0 });
      },
      { max: 1, killTimeout: 2000 },
    );
  });

  test("tells what is sent to a channel, in order, and keeps what a cancelled reader left", async () => {
    await inPool(async (pool) => {
      await using notifications = await pool.listen("News", "other");
      await pool.notify("News", "one");
      await pool.transaction(async (transaction) => {
        await transaction.query(sql`select pg_notify(${"other"}, ${"two"})`);
      });
      expect((await notifications.next()).value).toMatchObject({ channel: "News", payload: "one" });
      expect((await notifications.next()).value).toMatchObject({
        channel: "other",
        payload: "two",
      });
      const reader = createTask(() => notifications.next());
      await sleep(5);
      reader.cancel();
      expect(await reader.then(null, isCancelled)).toBe(true);
      for (let n = 0; n < 2500; n++) await pool.notify("News", String(n));
      let expected = 0;
      for await (const { payload } of notifications) {
        expect(payload).toBe(String(expected++));
        if (expected === 2500) break;
      }
      expect(await notifications.next()).toEqual({ done: true, value: undefined });
      expect(pool.statistics()).toMatchObject({ inUse: 0, destroyed: 0 });
      await expect(pool.listen()).rejects.toThrow("Expected `channels`");
    });
  });

  test("tells who listens when the connection breaks", async () => {
    await inPool(async (pool) => {
      await using notifications = await pool.listen("news");
      const reader = createTask(() => notifications.next());
      await pool.query(
        sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'`,
      );
      await expect(reader).rejects.toBeInstanceOf(DatabaseConnectionError);
      await expect(notifications.next()).rejects.toThrow("notifications may be missing");
    });
  });

  test("is spoken to over TLS, cancels included", async () => {
    const ca = readFileSync(join(CERTIFICATE, "ca.pem"));
    await inPool(
      async (pool) => {
        const encrypted = sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
        expect(await pool.queryValue(encrypted)).toBe(true);
        const cut = timeout(50, () => pool.query(sql`select pg_sleep(60)`));
        await expect(cut).rejects.toMatchObject({ name: "TimeoutError" });
        expect(pool.statistics()).toMatchObject({ destroyed: 0 });
      },
      { host: "localhost", tls: { ca } },
    );
    await inPool(
      async (pool) => {
        const error: unknown = await pool.query(sql`select 1`).catch((error: unknown) => error);
        expect(error).toBeInstanceOf(DatabaseConnectionError);
      },
      { tls: true },
    );
  });
});
