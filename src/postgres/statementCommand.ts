/*
 * Statements on the wire, in PostgreSQL's extended protocol: parse, bind, describe, execute, sync.
 *
 * A statement that has a name is parsed once per connection. The end of each is told by the server's ReadyForQuery,
 * which the link hears: only then is nothing of it left.
 */
import { ValueError } from "../sql/errors.ts";
import type { Row } from "../sql/statement.ts";
import type { RawConnection, RawError, RawField, Submittable } from "./driver.ts";
import { messages, wholeResult } from "./messages.ts";
import type { TypeParser } from "./typeParser.ts";

/** What a statement is sent with. @internal */
export interface Sent {
  readonly text: string;
  /** Encoded. */
  readonly values: readonly (string | Buffer | null)[];
  /** Its name on this connection; the empty string for none. */
  readonly name: string;
  /** The server knows the name. */
  readonly parsed: boolean;
  /** Names that it may forget. */
  readonly unwanted: readonly string[];
}

type Parsers = ReadonlyMap<number, TypeParser>;

/** What all commands have in common: rows are read, everything else ignored. @internal */
export abstract class Receiving implements Submittable {
  rows: Row[] = [];
  tag = "";
  failure: Error | null = null;
  readonly #parsers: Parsers;
  #names: string[] = [];
  #columns: (TypeParser | undefined)[] = [];

  constructor(parsers: Parsers) {
    this.#parsers = parsers;
  }

  abstract submit(connection: RawConnection): Error | null;

  handleRowDescription({ fields }: { readonly fields: readonly RawField[] }): void {
    this.rows = [];
    this.#names = fields.map((field) => field.name);
    this.#columns = fields.map((field) => this.#parsers.get(field.dataTypeID));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.failure !== null) return;
    const row: Row = {};
    const names = this.#names;
    const columns = this.#columns;
    try {
      for (let i = 0; i < names.length; i++) {
        const text = fields[i] as string | null;
        const parser = columns[i];
        row[names[i] as string] = text === null || parser === undefined ? text : parser(text);
      }
      this.rows.push(row);
    } catch (error) {
      this.failure =
        error instanceof ValueError ? error : new ValueError("a value could not be read");
    }
  }

  handlePortalSuspended(_connection: RawConnection): void {}
  handleEmptyQuery(_connection: RawConnection): void {}
  handleCommandComplete({ text }: { readonly text: string }, _connection: RawConnection): void {
    this.tag = text;
  }

  handleCopyInResponse(connection: RawConnection): void {
    connection.sendCopyFail("COPY FROM STDIN goes through copyFrom()");
  }

  handleCopyData(_message: { readonly chunk: Buffer }): void {}

  handleError(error: RawError, _connection: RawConnection): void {
    this.failure ??= error;
  }

  handleReadyForQuery(): void {}
}

/** Several statements in one text, without parameters; or what must not be prepared. @internal */
export class SimpleCommand extends Receiving {
  readonly #text: string;

  constructor(text: string, parsers: Parsers) {
    super(parsers);
    this.#text = text;
  }

  submit(connection: RawConnection): null {
    connection.query(this.#text);
    return null;
  }
}

/** One statement. @internal */
export class StatementCommand extends Receiving {
  readonly #sent: Sent;

  constructor(sent: Sent, parsers: Parsers) {
    super(parsers);
    this.#sent = sent;
  }

  submit(connection: RawConnection): null {
    const { name, parsed, text, values, unwanted } = this.#sent;
    const all = messages();
    try {
      for (const old of unwanted) all.to.close({ type: "S", name: old });
      if (!parsed) all.to.parse({ text, name });
      all.to.bind({ statement: name, values });
      wholeResult(all.to);
      all.send(connection);
      return null;
    } finally {
      all.drop();
    }
  }
}

/** How many rows a command tag tells: `INSERT 0 3`, `UPDATE 7`, `SELECT 2`. @internal */
export function rowsOf(tag: string): number {
  return Number(/ (\d+)$/.exec(tag)?.[1] ?? 0);
}
