/**
 * The names that `ambit/mysql` and `ambit/postgres` export. A new name, or one that went, shows here, and with it in the
 * review.
 */
import { expect, test } from "vitest";
import { exportedNames } from "./exportedNames.ts";

test("ambit/mysql exports these names", () => {
  expect(exportedNames("src/mysql/index.ts")).toMatchInlineSnapshot(`
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
      "type MysqlOptions",
      "type MysqlPool",
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

test("ambit/postgres exports these names", () => {
  expect(exportedNames("src/postgres/index.ts")).toMatchInlineSnapshot(`
    [
      "CommitUnknownError",
      "type ConflictKind",
      "type Connection",
      "ConstraintError",
      "type ConstraintKind",
      "copyFrom",
      "type CopySource",
      "copyTo",
      "createPool",
      "DatabaseConnectionError",
      "DatabaseError",
      "type InsertOptions",
      "isConflict",
      "type IsolationLevel",
      "LeakedConnectionError",
      "type Notification",
      "type Notifications",
      "type Pool",
      "PoolClosedError",
      "type PoolOptions",
      "type PoolStatistics",
      "PoolTimeoutError",
      "type PostgresOptions",
      "type PostgresPool",
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
      "type StatementOptions",
      "type StatementResult",
      "type StreamOptions",
      "type Transaction",
      "TransactionAbortedError",
      "TransactionConflictError",
      "type TransactionOptions",
      "TransactionStateError",
      "type TypeOptions",
      "type TypeParser",
      "ValueError",
    ]
  `);
});
