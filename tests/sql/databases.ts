/*
 * The databases that the tests of this folder run against: the same tests for both, each on a server of its own.
 */
import { createPool as createMysqlPool } from "ambit/mysql";
import {
  createPool as createPostgresPool,
  type Pool,
  type PoolOptions,
  type Sql,
  sql,
} from "ambit/postgres";
import { describe } from "vitest";
import {
  type DatabaseServer,
  mariadbMissing,
  postgresMissing,
  serveMariadb,
  servePostgres,
  type Served,
  startMariadb,
  startPostgres,
} from "../servers/databases.ts";

/** What differs between the databases, for tests. */
export interface Database {
  readonly name: string;
  missing(): string | null;
  serve(): Served;
  start(): Promise<DatabaseServer>;
  createPool(server: DatabaseServer, options?: PoolOptions): Pool;
  sleep(seconds: number): Sql;
  /** A row that comes after so many seconds. */
  echo(id: number, seconds?: number): Sql<{ id: number }>;
  /** The integers from 1 to `last`, as texts. */
  series(last: number): Sql<{ n: string }>;
  /** How many connections there are, this one included. */
  readonly connections: Sql;
  /** How many statements are being run that hold this word. */
  running(word: string): Sql;
  /** What one connection beside those of statements the pool keeps. */
  readonly reserved: number;
}

export const postgres: Database = {
  name: "PostgreSQL",
  missing: postgresMissing,
  serve: servePostgres,
  start: startPostgres,
  createPool: (server, options = {}) =>
    createPostgresPool({ url: server.url, integers: "number", ...options }),
  sleep: (seconds) => sql`select pg_sleep(${seconds})`,
  echo: (id, seconds = 0) =>
    seconds === 0
      ? sql`select ${id}::int as id`
      : sql`select ${id}::int as id from pg_sleep(${seconds})`,
  series: (last) => sql`select n::text as n from generate_series(1, ${last}::int) as n`,
  connections: sql`select count(*) from pg_stat_activity where backend_type = 'client backend'`,
  running: (word) =>
    sql`select count(*) from pg_stat_activity
        where state = 'active' and pid <> pg_backend_pid() and query like ${`%${word}%`}`,
  reserved: 0,
};

const mariadb: Database = {
  name: "MariaDB",
  missing: mariadbMissing,
  serve: serveMariadb,
  start: startMariadb,
  createPool: (server, options = {}) =>
    createMysqlPool({ url: server.url, integers: "number", ...options }),
  sleep: (seconds) => sql`select sleep(${seconds})`,
  echo: (id, seconds = 0) =>
    seconds === 0
      ? sql`select ${id} as id`
      : sql`select ${id} as id from (select sleep(${seconds})) as slept`,
  series: (last) =>
    sql`with recursive s(n) as (select 1 union all select n + 1 from s where n < ${last})
        select cast(n as char) as n from s`,
  connections: sql`select count(*) from information_schema.processlist`,
  running: (word) =>
    sql`select count(*) from information_schema.processlist
        where command in ('Query', 'Execute') and id <> connection_id() and info like ${`%${word}%`}`,
  reserved: 1,
};

/** Runs the same tests for each database, on a server that is there for them. */
export function describeDatabases(
  title: string,
  tests: (database: Database, at: Served) => void,
): void {
  for (const database of [postgres, mariadb]) {
    describe.skipIf(database.missing() !== null)(`${title} (${database.name})`, () => {
      tests(database, database.serve());
    });
  }
}
