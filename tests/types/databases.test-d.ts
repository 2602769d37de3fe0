/**
 * What the compiler must know about databases: rows have the type that their statement says. Checked by
 * tests/project/types.test.ts; never run.
 */
import { type MysqlPool } from "ambit/mysql";
import { type PostgresPool, type Row, type RowStream, sql } from "ambit/postgres";
import { expectTypeOf, test } from "vitest";

declare const pool: PostgresPool;
declare const other: MysqlPool;

interface User {
  readonly id: number;
}

test("rows are what the statement says", () => {
  expectTypeOf(pool.query(sql<User>`select id from users`)).resolves.toEqualTypeOf<User[]>();
  expectTypeOf(other.queryOne<User>(sql`select 1`)).resolves.toEqualTypeOf<User | null>();
  expectTypeOf(pool.stream(sql<User>`select 1`)).toEqualTypeOf<RowStream<User>>();
  expectTypeOf(pool.query(sql`select 1`)).resolves.toEqualTypeOf<Row[]>();
  expectTypeOf(pool.queryValue<bigint>(sql`select 1`)).resolves.toEqualTypeOf<bigint>();
  expectTypeOf(pool.transaction(() => 7)).resolves.toEqualTypeOf<number>();
});

test("a statement is made by the tag, text is none", () => {
  expectTypeOf(pool.query).parameter(0).not.toEqualTypeOf<string>();
  // @ts-expect-error a statement is made by the tag
  void pool.query("select 1");
  // @ts-expect-error there is no such level
  void pool.transaction(() => 7, { isolation: "none" });
});
