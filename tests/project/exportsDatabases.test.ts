/**
 * The names that `ambit/mysql` and `ambit/postgres` export. A new name, or one that went, shows here, and with it in the
 * review.
 */
import { expect, test } from "vitest";
import { exportedNames } from "./exportedNames.ts";

const mysql = exportedNames("src/mysql/index.ts");
const postgres = exportedNames("src/postgres/index.ts");

test("ambit/mysql and ambit/postgres both export these names", () => {
  expect(mysql.filter((name) => postgres.includes(name))).toMatchInlineSnapshot(`
    [
      "CommitUnknownError",
      "type ConflictKind",
      "type Connection",
      "ConstraintError",
      "type ConstraintKind",
      "createPool",
      "DatabaseConnectionError",
      "DatabaseError",
      "type InsertOptions",
      "isConflict",
      "type IsolationLevel",
      "LeakedConnectionError",
      "type Pool",
      "PoolClosedError",
      "type PoolOptions",
      "type PoolStatistics",
      "PoolTimeoutError",
      "type Queries",
      "QueryInterruptedError",
      "QueryTimeoutError",
      "type Row",
      "type RowSource",
      "type RowStream",
      "Sql",
      "sql",
      "SqlSyntaxError",
      "type SqlTag",
      "type StatementEvent",
      "type StatementOptions",
      "type StatementResult",
      "type StreamOptions",
      "type Transaction",
      "TransactionAbortedError",
      "TransactionConflictError",
      "type TransactionOptions",
      "TransactionStateError",
      "type TypeOptions",
      "ValueError",
    ]
  `);
});

test("ambit/mysql exports these besides", () => {
  expect(mysql.filter((name) => !postgres.includes(name))).toMatchInlineSnapshot(`
    [
      "type MysqlOptions",
      "type MysqlPool",
    ]
  `);
});

test("ambit/postgres exports these besides", () => {
  expect(postgres.filter((name) => !mysql.includes(name))).toMatchInlineSnapshot(`
    [
      "copyFrom",
      "type CopySource",
      "copyTo",
      "type Notification",
      "type Notifications",
      "type PostgresOptions",
      "type PostgresPool",
      "type TypeParser",
    ]
  `);
});
