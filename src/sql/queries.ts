/*
 * What can be asked of a database: the methods that a pool, a connection and a transaction have in common.
 *
 * Strategy: each of the three lends its link for one piece of work and takes it back; everything else is said here once.
 */
import { expectFunction, expectInteger, expectMilliseconds } from "../core/arguments.ts";
import { atomically } from "./atomic.ts";
import {
  type BulkInsert,
  BulkRows,
  type InsertOptions,
  type RowSource,
  tableName,
} from "./bulkRows.ts";
import { isObserved } from "./diagnostics.ts";
import type { Dialect } from "./dialect.ts";
import { DatabaseError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Outcome } from "./outcome.ts";
import type { PoolSettings } from "./poolOptions.ts";
import { RowStream, type StreamOptions } from "./rowStream.ts";
import { type Rendered, render, type Row, type Sql } from "./statement.ts";

/** How a statement is run. */
export interface StatementOptions {
  /**
   * How long it may take once it has a connection, in milliseconds; then the server is stopped and a
   * {@link QueryTimeoutError} thrown. Default: the pool's `statementTimeout`.
   */
  readonly timeout?: number;
}

/** What a statement did. */
export interface StatementResult {
  /** How many rows were inserted, changed or removed. */
  readonly affectedRows: number;
  /** The key that MySQL or MariaDB generated for the (first) new row; undefined where there is none. */
  readonly insertId?: number | bigint | undefined;
}

const PLAIN = { isolation: null, readOnly: false };

/**
 * The statements that a pool, a connection or a transaction runs.
 *
 * **Cancellation:** of any of them: the server is told to stop, and the call ends when it has; the connection stays
 * usable. A statement that was finished by then has had its effect; in a transaction it is undone with the rest.
 */
export abstract class Queries {
  /** @internal */
  abstract readonly dialect: Dialect;
  /** @internal */
  abstract readonly settings: PoolSettings;
  /** @internal */
  abstract readonly inTransaction: boolean;
  /** The link, if it is there at once. @internal */
  abstract lendNow(): Link | null;
  /** The link, for one piece of work. @internal */
  abstract lend(): Promise<Link>;
  /** @internal */
  abstract takeBack(link: Link): void;
  /** A statement on the link has failed. @internal */
  failed(_error: unknown): void {}

  /**
   * Runs a statement and gives its rows.
   *
   * @throws {@link DatabaseError} when it fails
   * @throws TypeError when `statement` is not made by `sql`
   */
  async query<R = Row>(statement: Sql<R>, options: StatementOptions = {}): Promise<R[]> {
    const { rows } = await this.run(render(statement, this.dialect), options);
    return rows as R[];
  }

  /**
   * Runs a statement and gives its first row; null when there is none.
   * @throws {@link DatabaseError} when it fails
   *
   * @example
   * ```ts
   * import { createPool, sql } from "ambit/postgres";
   *
   * await using pool = createPool({ url: process.env["POSTGRES_URL"] ?? "postgres://localhost/shop" });
   * await pool.queryOne(sql<{ sum: number }>`select ${40}::int + ${2}::int as sum`); // => { sum: 42 }
   * await pool.queryOne(sql`select 1 where false`); // => null
   * ```
   */
  async queryOne<R = Row>(statement: Sql<R>, options: StatementOptions = {}): Promise<R | null> {
    const { rows } = await this.run(render(statement, this.dialect), options);
    return (rows[0] as R | undefined) ?? null;
  }

  /**
   * Runs a statement that gives one row of one column, such as a count, and gives the value.
   * @throws {@link DatabaseError} when it fails, or gives no row, or more rows or columns than one
   */
  async queryValue<T = unknown>(
    statement: Sql<unknown>,
    options: StatementOptions = {},
  ): Promise<T> {
    const rendered = render(statement, this.dialect);
    const { rows } = await this.run(rendered, options);
    const columns = Object.keys(rows[0] ?? {});
    if (rows.length !== 1 || columns.length !== 1) {
      const words = `queryValue expects one row of one column, got ${rows.length} rows of ${columns.length}`;
      throw new DatabaseError(words, { sql: rendered.text });
    }
    return (rows[0] as Row)[columns[0] as string] as T;
  }

  /**
   * Runs a statement for what it does.
   * @throws {@link DatabaseError} when it fails
   */
  async execute(statement: Sql<unknown>, options: StatementOptions = {}): Promise<StatementResult> {
    const { affectedRows, insertId } = await this.run(render(statement, this.dialect), options);
    return insertId === undefined ? { affectedRows } : { affectedRows, insertId };
  }

  /**
   * Reads the rows of a statement one by one, while they come: no more than a few batches are in memory. A connection is
   * in use from the first row to the end, or until the loop is left.
   *
   * **Cancellation:** stops the statement on the server and gives the connection back.
   *
   * @throws TypeError when `statement` is not made by `sql`
   *
   * @example
   * ```ts
   * import { createPool, sql } from "ambit/postgres";
   *
   * await using pool = createPool({ url: process.env["POSTGRES_URL"] ?? "postgres://localhost/shop" });
   * let sum = 0;
   * const numbers = sql<{ n: number }>`select n from generate_series(1, 1000) n`;
   * for await (const { n } of pool.stream(numbers, { batchSize: 100 })) sum += n;
   * sum; // => 500500
   * ```
   */
  stream<R = Row>(statement: Sql<R>, options: StreamOptions = {}): RowStream<R> {
    const { batchSize = 500 } = options;
    expectInteger("options.batchSize", batchSize, 1);
    const rendered = render(statement, this.dialect);
    return new RowStream<R>(this, rendered, (link) => link.openCursor(rendered, batchSize));
  }

  /**
   * Inserts many rows at once, all or none of them: by COPY on PostgreSQL, by statements of many rows on MySQL. They are
   * read while they are sent: a long source never stands in memory.
   *
   * **Cancellation:** none of the rows is inserted. A cancel that reaches the server when all were is for the next wait.
   *
   * @param table its name, or `sql.identifier("schema", "table")`
   * @returns how many there were
   * @throws TypeError for a row whose keys are not the columns; {@link DatabaseError} when the server refuses them
   * @throws {@link CommitUnknownError} when the connection broke at the end, outside of a transaction
   *
   * @example
   * ```ts
   * import { createPool, sql } from "ambit/postgres";
   *
   * await using pool = createPool({ url: process.env["POSTGRES_URL"] ?? "postgres://localhost/shop" });
   * await pool.execute(sql`create table squares (n int, square int)`);
   * function* squares() {
   *   for (let n = 0; n < 10_000; n++) yield { n, square: n * n };
   * }
   * await pool.insertMany("squares", squares()); // => 10000
   * ```
   */
  async insertMany(
    table: string | Sql<never>,
    rows: RowSource,
    options: InsertOptions = {},
  ): Promise<number> {
    const name = tableName(table);
    const source = await BulkRows.open(rows, options.columns ?? null);
    if (source === null) return 0;
    const plan = { table: name, columns: source.columns, rows: source };
    try {
      return await this.#insert(plan);
    } finally {
      await source.close();
    }
  }

  async #insert(plan: BulkInsert): Promise<number> {
    const link = this.lendNow() ?? (await this.lend());
    try {
      const insert = (): Promise<number> => link.insertMany(plan);
      if (this.inTransaction || !link.words.bulkInParts) return await insert();
      return await atomically(link, this.settings.commitTimeout, PLAIN, insert);
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      this.takeBack(link);
    }
  }

  /** @internal */
  async run(statement: Rendered, options: StatementOptions): Promise<Outcome> {
    const { timeout = this.settings.statementTimeout } = options;
    if (timeout !== Infinity) expectMilliseconds("options.timeout", timeout);
    const link = this.lendNow() ?? (await this.lend());
    // As `link.execute` does it, in one async function less: each costs as much as the rest of it.
    const command = timeout === Infinity && !isObserved() ? link.commandOf(statement) : null;
    try {
      if (command !== null) return await command.perform("statement");
      return await link.execute(statement, timeout);
    } catch (error) {
      if (command !== null) await link.afterFailure(command, error);
      this.failed(error);
      throw error;
    } finally {
      this.takeBack(link);
    }
  }
}

/** @internal */
export function expectBody(body: unknown): void {
  expectFunction("body", body);
}
