/*
 * A result that is read piece by piece, as MySQL sends it: all of it, as fast as it is read.
 *
 * While nobody asks for more, the socket is not read, so that the server has to wait. To end it early the server is
 * stopped first; what is still on its way is read and thrown away.
 */
import type { EventEmitter } from "node:events";
import { ValueError } from "../sql/errors.ts";
import type { Batch, Cursor, Done } from "../sql/outcome.ts";
import type { Row } from "../sql/statement.ts";
import type { RawConnection, RawError, RawField } from "./driver.ts";
import type { RowValues } from "./rowValues.ts";

/** @internal */
export class MysqlCursor implements Cursor {
  readonly #connection: RawConnection;
  readonly #begin: () => EventEmitter;
  readonly #values: RowValues;
  readonly #fail: (error: Error) => Error;
  readonly #batchSize: number;
  #begun = false;
  #over = false;
  #rows: Row[] = [];
  #convert: ((row: Row) => void) | null = null;
  #failure: Error | null = null;
  #paused = false;
  #discarding = false;
  #planned = false;
  #done: Done<Batch> | null = null;

  constructor(
    connection: RawConnection,
    begin: () => EventEmitter,
    values: RowValues,
    batchSize: number,
    fail: (error: Error) => Error,
  ) {
    this.#connection = connection;
    this.#begin = begin;
    this.#values = values;
    this.#batchSize = batchSize;
    this.#fail = fail;
  }

  get ended(): boolean {
    return !this.#begun || this.#over;
  }

  get running(): boolean {
    return !this.ended;
  }

  read(done: Done<Batch>): void {
    this.#done = done;
    if (!this.#begun) this.#start();
    else if (this.#rows.length > 0 || this.#over) this.#deliver();
    else this.#resume();
  }

  #start(): void {
    this.#begun = true;
    const command = this.#begin();
    command.on("fields", (fields?: readonly RawField[]) => {
      this.#convert = fields === undefined ? null : this.#values.plan(fields);
    });
    command.on("result", (row: Row) => this.#receive(row));
    command.on("error", (error: RawError) => (this.#failure ??= this.#fail(error)));
    command.on("end", () => {
      this.#over = true;
      this.#deliver();
    });
  }

  #receive(row: Row): void {
    if (this.#discarding || this.#failure !== null) return;
    // What changed rows, instead of giving some, tells so in an object of another kind.
    if (this.#convert === null && row.constructor.name === "ResultSetHeader") return;
    try {
      this.#convert?.(row);
    } catch (error) {
      this.#failure = error instanceof ValueError ? error : new ValueError(String(error));
      return;
    }
    this.#rows.push(row);
    if (this.#rows.length >= this.#batchSize && !this.#paused) {
      this.#paused = true;
      this.#connection.pause();
    }
    if (this.#done === null || this.#planned) return;
    // With the others that came with it.
    this.#planned = true;
    process.nextTick(() => {
      this.#planned = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const done = this.#done;
    if (done === null) return;
    // After a failure the rest of the result comes first, so that nothing of it is left.
    if (this.#failure !== null && !this.#over) return this.#resume();
    if (this.#rows.length === 0 && !this.#over) return;
    this.#done = null;
    if (this.#failure !== null) return done(this.#failure);
    const rows = this.#rows;
    this.#rows = [];
    done(null, { rows, last: this.#over });
    this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#connection.resume();
  }

  close(done: Done<void>): void {
    this.#discarding = true;
    this.#failure = null;
    this.#rows = [];
    if (this.#over) return done(null);
    this.#done = () => done(null);
    this.#resume();
  }
}
