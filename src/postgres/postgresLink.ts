/*
 * A connection to PostgreSQL.
 *
 * Every command ends with the server's ReadyForQuery, which also says whether a transaction is open or has failed.
 */
import type { BulkInsert } from "../sql/bulkRows.ts";
import type { StatementServer } from "../sql/diagnostics.ts";
import type { Dialect } from "../sql/dialect.ts";
import { quoted } from "../sql/dialect.ts";
import { Link } from "../sql/link.ts";
import type { Done, Outcome } from "../sql/outcome.ts";
import type { BeginOptions, TransactionWords } from "../sql/transactionWords.ts";
import { type Rendered, sql } from "../sql/statement.ts";
import { copyIn } from "./copyIn.ts";
import { cancelRequest } from "./cancelRequest.ts";
import { PostgresCursor } from "./cursor.ts";
import type { RawClient, RawError, RawMessage } from "./driver.ts";
import { encodeCopyField, encodeParameter } from "./parameters.ts";
import { PreparedNames } from "./preparedNames.ts";
import { serverError } from "./serverError.ts";
import { type Receiving, rowsOf, SimpleCommand, StatementCommand } from "./statementCommand.ts";
import type { TypeParser } from "./typeParser.ts";
import { DatabaseError } from "../sql/errors.ts";

/** @internal */
export const POSTGRES: Dialect = {
  placeholder: (number) => `$${number}`,
  quote: (name) => quoted(name, `"`),
};

const BEGIN: readonly string[] = ["BEGIN"];

const WORDS: TransactionWords = {
  begin({ isolation, readOnly }: BeginOptions): readonly string[] {
    if (isolation === null && !readOnly) return BEGIN;
    const level = isolation === null ? "" : ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
    return [`BEGIN${level}${readOnly ? " READ ONLY" : ""}`];
  },
  bulkInParts: false,
  deadlockEndsAll: false,
};

/** Several statements, perhaps; then they are not prepared. */
const SEVERAL = /;\s*\S/;
const CONTROL =
  /^\s*(?:begin|commit|rollback|savepoint|release|set|reset|listen|unlisten|discard)\b/i;

const RESET = [
  "SET SESSION AUTHORIZATION DEFAULT",
  "RESET ALL",
  "CLOSE ALL",
  "UNLISTEN *",
  "SELECT pg_advisory_unlock_all()",
  "DISCARD TEMP",
].join("; ");

/** How many rows of a bulk insert are sent at a time. */
const ROWS = 500;

function copyLine(values: readonly unknown[]): string {
  return `${values.map(encodeCopyField).join("\t")}\n`;
}

/** What a link needs to know. @internal */
export interface LinkTools {
  readonly peer: string;
  readonly server: StatementServer;
  readonly killTimeout: number;
  readonly parsers: ReadonlyMap<number, TypeParser>;
  /** How many statements are kept parsed; 0 for none. */
  readonly prepared: number;
}

/** @internal */
export class PostgresLink extends Link {
  readonly peer: string;
  readonly server: StatementServer;
  readonly words = WORDS;
  readonly dialect = POSTGRES;
  readonly client: RawClient;
  readonly parsers: ReadonlyMap<number, TypeParser>;
  readonly #names: PreparedNames;
  #status: "I" | "T" | "E" = "I";
  #ready: (() => void) | null = null;

  constructor(client: RawClient, tools: LinkTools) {
    super(tools.killTimeout);
    this.client = client;
    this.peer = tools.peer;
    this.server = tools.server;
    this.parsers = tools.parsers;
    this.#names = new PreparedNames(tools.prepared);
    client.on("error", (error) => this.gone(error));
    client.connection.on("end", () => {
      this.gone(new Error("the server closed it"));
      this.socketClosed();
    });
    client.connection.on("readyForQuery", (message: RawMessage) => {
      this.#status = message.status ?? "I";
      const ready = this.#ready;
      this.#ready = null;
      ready?.();
    });
  }

  get aborted(): boolean {
    return this.#status === "E";
  }

  get outsideTransaction(): boolean {
    return this.#status === "I";
  }

  /** Sends a command; `ready` is called when nothing of it is left. @internal */
  submit(command: Receiving, ready: () => void): void {
    this.#ready = ready;
    this.client.query(command);
  }

  protected send(statement: Rendered, done: Done<Outcome>): void {
    const { text } = statement;
    if (text.includes("\0")) throw new DatabaseError("a statement can't hold a NUL character");
    const values = statement.values.map(encodeParameter);
    const plain = values.length === 0 && (CONTROL.test(text) || SEVERAL.test(text));
    if (plain) this.#sendSimple(statement, done);
    else this.#sendPrepared(statement, values, done);
  }

  #sendSimple(statement: Rendered, done: Done<Outcome>): void {
    const command = new SimpleCommand(statement.text, this.parsers);
    this.submit(command, () => conclude(command, statement, done));
  }

  #sendPrepared(
    statement: Rendered,
    values: readonly (string | Buffer | null)[],
    done: Done<Outcome>,
  ): void {
    const { text } = statement;
    const names = this.#names;
    const known = names.find(text);
    const name = known ?? names.fresh();
    const unwanted = names.takeUnwanted();
    const command = new StatementCommand(
      { text, values, name, parsed: known !== undefined, unwanted },
      this.parsers,
    );
    this.submit(command, () => {
      const { failure } = command;
      if (failure === null) {
        if (known === undefined) names.keep(text, name);
        return conclude(command, statement, done);
      }
      if (known === undefined) names.drop(text, name);
      else if (isStale(failure)) {
        names.drop(text, name);
        // Nothing has happened yet; in a transaction the server takes no more statements.
        if (this.outsideTransaction) return this.#sendPrepared(statement, values, done);
      }
      conclude(command, statement, done);
    });
  }

  openCursor({ text, values }: Rendered, batchSize: number): PostgresCursor {
    const encoded = values.map(encodeParameter);
    const cursor = new PostgresCursor(this.client, text, encoded, batchSize, this.parsers, () => {
      this.#ready = () => cursor.ready((error) => failureOf(error, { text, values }));
    });
    return cursor;
  }

  insertMany(plan: BulkInsert): Promise<number> {
    const { table, columns, rows } = plan;
    const names = sql.join(columns.map((column) => sql.identifier(column)));
    return copyIn(this, sql`copy ${table} (${names}) from stdin`.render(POSTGRES), {
      async next() {
        const batch = await rows.take(ROWS);
        return batch.length === 0 ? null : Buffer.from(batch.map(copyLine).join(""));
      },
    });
  }

  protected kill(): Promise<void> {
    return cancelRequest(this.client);
  }

  async reset(): Promise<void> {
    if (!this.outsideTransaction) await this.executeUntold({ text: "ROLLBACK", values: [] });
    await this.executeUntold({ text: RESET, values: [] });
  }

  async check(): Promise<void> {
    await this.executeUntold({ text: ";;", values: [] });
  }

  protected leave(): void {
    this.client.end(() => {});
  }

  protected cut(): void {
    this.client.connection.stream.destroy();
  }
}

/** A parsed statement that the server does not know any more, or whose result has other columns now. */
function isStale(failure: Error): boolean {
  const { code } = failure as RawError;
  return code === "26000" || (code === "0A000" && failure.message.includes("cached plan"));
}

function conclude(command: Receiving, statement: Rendered, done: Done<Outcome>): void {
  const { failure, rows, tag } = command;
  if (failure !== null) return done(failureOf(failure, statement));
  done(null, { rows, affectedRows: rowsOf(tag), command: tag });
}

/** @internal */
export function failureOf(failure: Error, statement: Rendered): Error {
  return failure instanceof DatabaseError ? failure : serverError(failure, statement);
}
