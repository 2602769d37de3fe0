/*
 * `ambit/postgres`: PostgreSQL on the npm package pg, with statements that a cancel really stops.
 */
export { copyFrom, type CopySource, copyTo } from "./copy.ts";
export { type Notification, type Notifications } from "./notifications.ts";
export { createPool, type PostgresPool } from "./postgresPool.ts";
export { type PostgresOptions } from "./postgresDriver.ts";
export { type TypeOptions } from "./typeParsers.ts";
export { type TypeParser } from "./typeParser.ts";
export { type Connection } from "../sql/connection.ts";
export {
  CommitUnknownError,
  ConstraintError,
  type ConflictKind,
  type ConstraintKind,
  DatabaseConnectionError,
  DatabaseError,
  isConflict,
  LeakedConnectionError,
  PoolClosedError,
  PoolTimeoutError,
  QueryInterruptedError,
  QueryTimeoutError,
  SqlSyntaxError,
  TransactionAbortedError,
  TransactionConflictError,
  TransactionStateError,
  ValueError,
} from "../sql/errors.ts";
export { type InsertOptions, type RowSource } from "../sql/bulkRows.ts";
export { type StatementEvent } from "../sql/diagnostics.ts";
export { type IsolationLevel } from "../sql/transactionWords.ts";
export { type PoolStatistics } from "../sql/poolStatistics.ts";
export { type PoolOptions } from "../sql/poolOptions.ts";
export { type Pool } from "../sql/pool.ts";
export { type Queries, type StatementOptions, type StatementResult } from "../sql/queries.ts";
export { type RowStream, type StreamOptions } from "../sql/rowStream.ts";
export { type Row, sql, Sql, type SqlTag } from "../sql/statement.ts";
export { type Transaction, type TransactionOptions } from "../sql/transaction.ts";
