/*
 * `ambit/mysql`: MySQL and MariaDB on the npm package mysql2, with statements that a cancel really stops.
 */
export { createPool, type MysqlPool } from "./mysqlPool.ts";
export { type MysqlOptions } from "./mysqlDriver.ts";
export { type TypeOptions } from "./rowValues.ts";
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
