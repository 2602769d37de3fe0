/*
 * A connection to MySQL or MariaDB.
 *
 * Statements with parameters are prepared, once per connection, and their parameters sent beside them; others go as texts,
 * one statement each, since the server is not told to take several.
 */
import type { BulkInsert } from "../sql/bulkRows.ts";
import type { StatementServer } from "../sql/diagnostics.ts";
import type { Dialect } from "../sql/dialect.ts";
import { quoted } from "../sql/dialect.ts";
import { DatabaseError, ValueError } from "../sql/errors.ts";
import { Link } from "../sql/link.ts";
import type { Done, Outcome } from "../sql/outcome.ts";
import type { BeginOptions, TransactionWords } from "../sql/transactionWords.ts";
import { type Rendered, type Row, sql } from "../sql/statement.ts";
import type { Control } from "./control.ts";
import { MysqlCursor } from "./cursor.ts";
import type { RawCallback, RawConnection, RawError, RawField, RawResult } from "./driver.ts";
import { encodeParameter } from "./parameters.ts";
import type { RowValues } from "./rowValues.ts";
import { serverError } from "./serverError.ts";

/** @internal */
export const MYSQL: Dialect = {
  placeholder: () => "?",
  quote: (name) => quoted(name, "`"),
};

const BEGIN: readonly string[] = ["START TRANSACTION"];

const WORDS: TransactionWords = {
  begin({ isolation, readOnly }: BeginOptions): readonly string[] {
    if (isolation === null && !readOnly) return BEGIN;
    const start = readOnly ? "START TRANSACTION READ ONLY" : "START TRANSACTION";
    if (isolation === null) return [start];
    return [`SET TRANSACTION ISOLATION LEVEL ${isolation.toUpperCase()}`, start];
  },
  bulkInParts: true,
  deadlockEndsAll: true,
};

/** How many rows and parameters a statement of a bulk insert has at most. */
const ROWS = 256;
const PARAMETERS = 65_535;

/** What a session is set to: a Date that is sent as a text means UTC. @internal */
export const SESSION = "SET time_zone = '+00:00'";

/** What a link needs to know. @internal */
export interface LinkTools {
  readonly peer: string;
  readonly server: StatementServer;
  readonly killTimeout: number;
  readonly control: Control;
  readonly values: RowValues;
}

/** @internal */
export class MysqlLink extends Link {
  readonly peer: string;
  readonly server: StatementServer;
  readonly words = WORDS;
  readonly dialect = MYSQL;
  readonly aborted = false;
  /** The protocol tells it with some answers only. */
  readonly outsideTransaction = false;
  readonly #connection: RawConnection;
  readonly #control: Control;
  readonly #values: RowValues;

  constructor(connection: RawConnection, tools: LinkTools) {
    const { peer, server, killTimeout, control, values } = tools;
    super(killTimeout);
    this.#connection = connection;
    this.#control = control;
    this.#values = values;
    this.peer = peer;
    this.server = server;
    connection.on("error", (error) => this.gone(error));
    connection.stream.on("close", () => {
      this.gone(new Error("the server closed it"));
      this.socketClosed();
    });
  }

  protected send(statement: Rendered, done: Done<Outcome>): void {
    const { text: sql } = statement;
    const values = statement.values.map(encodeParameter);
    const callback: RawCallback = (error, result, fields) => {
      if (error !== null) return done(this.#failure(error, statement));
      try {
        done(null, this.#outcome(result, fields));
      } catch (cause) {
        done(cause instanceof ValueError ? cause : new ValueError(String(cause)));
      }
    };
    if (values.length === 0) this.#connection.query({ sql }, callback);
    else this.#connection.execute({ sql, values }, callback);
  }

  #failure(error: RawError, statement: Rendered): Error {
    if (error.fatal === true) this.gone(error);
    return error instanceof DatabaseError ? error : serverError(error, statement);
  }

  #outcome(result: unknown, fields: unknown): Outcome {
    if (!Array.isArray(result)) return outcomeOf(result as RawResult);
    // What a procedure gives: several results, of which the first one that has rows counts.
    const several = Array.isArray(fields) && fields.some((each) => Array.isArray(each));
    const index = several ? (fields as unknown[]).findIndex((each) => Array.isArray(each)) : -1;
    const rows = (several ? result[index] : result) as Row[];
    const columns = (several ? (fields as unknown[])[index] : fields) as readonly RawField[];
    const convert = this.#values.plan(columns ?? []);
    if (convert !== null) for (const row of rows) convert(row);
    return { rows, affectedRows: rows.length };
  }

  openCursor(statement: Rendered, batchSize: number): MysqlCursor {
    const { text: sql } = statement;
    const values = statement.values.map(encodeParameter);
    const connection = this.#connection;
    return new MysqlCursor(
      connection,
      () => (values.length === 0 ? connection.query({ sql }) : connection.execute({ sql, values })),
      this.#values,
      batchSize,
      (error) => this.#failure(error, statement),
    );
  }

  async insertMany({ table, columns, rows }: BulkInsert): Promise<number> {
    const names = sql.join(columns.map((column) => sql.identifier(column)));
    const { text: head } = sql`insert into ${table} (${names}) values `.render(MYSQL);
    const list = `(${columns.map(() => "?").join(", ")})`;
    const textFor = (size: number): string => head + Array<string>(size).fill(list).join(", ");
    // Not more than a statement may have parameters.
    const most = Math.max(1, Math.min(ROWS, Math.floor(PARAMETERS / columns.length)));
    // All but the last have the same text: it is made once.
    let full: string | null = null;
    let count = 0;
    for (;;) {
      const batch = await rows.take(most);
      if (batch.length === 0) return count;
      const text = batch.length === most ? (full ??= textFor(most)) : textFor(batch.length);
      await this.execute({ text, values: batch.flat() });
      count += batch.length;
    }
  }

  protected kill(): Promise<void> {
    return this.#control.kill(this.#connection.threadId as number);
  }

  async reset(): Promise<void> {
    await this.perform<void>("reset", (done) =>
      this.#connection.reset((error) => done(error ?? null)),
    );
    await this.executeUntold({ text: SESSION, values: [] });
  }

  async check(): Promise<void> {
    await this.perform<void>("ping", (done) =>
      this.#connection.ping((error) => done(error ?? null)),
    );
  }

  protected leave(): void {
    this.#connection.end();
  }

  protected cut(): void {
    // Its own destroy() would wait for the server.
    this.#connection.stream.destroy();
  }
}

function outcomeOf({ affectedRows, insertId }: RawResult): Outcome {
  if (insertId === 0) return { rows: [], affectedRows };
  const id = typeof insertId === "string" ? BigInt(insertId) : insertId;
  return { rows: [], affectedRows, insertId: id };
}
