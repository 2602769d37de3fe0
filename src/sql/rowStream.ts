/*
 * The rows of a long result, one by one.
 *
 * Strategy: rows come in batches; within a batch `next` waits for nothing. The next batch is asked for when the last one
 * is used up, so that the server does not run ahead of a slow reader. Whatever ends the stream (its end, an error, a
 * cancel, leaving the loop), the link is tidied up before it is given back.
 */
import { type StatementEvent, tellEnded, tellStarted } from "./diagnostics.ts";
import { DatabaseError } from "./errors.ts";
import type { Lending } from "./lending.ts";
import type { Link } from "./link.ts";
import type { Batch, Cursor } from "./outcome.ts";
import type { Rendered, Row } from "./statement.ts";

/** How rows are streamed. */
export interface StreamOptions {
  /** How many rows are fetched at a time, at least 1. Default 500. */
  readonly batchSize?: number;
}

const DONE = { done: true, value: undefined } as const;

/**
 * Rows, as `stream()` gives them: for `for await`. Leaving the loop ends the statement; who calls `next` himself disposes
 * of it.
 *
 * **Cancellation:** of `next`: stops the statement on the server; the stream has then ended.
 */
export class RowStream<R> implements AsyncIterableIterator<R, undefined>, AsyncDisposable {
  readonly #lending: Lending;
  readonly #statement: Rendered;
  readonly #open: (link: Link) => Cursor;
  #state: "new" | "open" | "reading" | "ended" = "new";
  #link: Link | null = null;
  #cursor: Cursor | null = null;
  /** What diagnostics are told, if anybody listens. */
  #told: StatementEvent | null = null;
  #rows: readonly Row[] = [];
  #index = 0;
  #last = false;

  /** @internal */
  constructor(lending: Lending, statement: Rendered, open: (link: Link) => Cursor) {
    this.#lending = lending;
    this.#statement = statement;
    this.#open = open;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The next row.
   * @throws {@link DatabaseError} when the statement fails
   */
  next(): Promise<IteratorResult<R, undefined>> {
    if (this.#index < this.#rows.length && this.#state === "open") {
      return Promise.resolve({ done: false, value: this.#rows[this.#index++] as R });
    }
    return this.#more();
  }

  async #more(): Promise<IteratorResult<R, undefined>> {
    if (this.#state === "reading") {
      throw new DatabaseError("next() of a row stream whose next() is still pending", {
        sql: this.#statement.text,
      });
    }
    if (this.#state === "ended") return DONE;
    try {
      if (this.#last) {
        await this.#end();
        return DONE;
      }
      this.#state = "reading";
      const { rows, last } = await this.#read();
      if (this.#told !== null) this.#told.rows += rows.length;
      this.#rows = rows;
      this.#index = 0;
      this.#last = last;
      this.#state = "open";
    } catch (error) {
      this.#lending.failed(error);
      await this.#end(error);
      throw error;
    }
    return await this.next();
  }

  async #read(): Promise<Batch> {
    const link = (this.#link ??= this.#lending.lendNow() ?? (await this.#lending.lend()));
    const cursor = (this.#cursor ??= this.#begin(link));
    const read = (): Promise<Batch> => link.perform<Batch>("rows", (done) => cursor.read(done));
    const { statementTimeout } = this.#lending.settings;
    return statementTimeout === Infinity
      ? await read()
      : await link.limited(this.#statement, statementTimeout, read);
  }

  #begin(link: Link): Cursor {
    this.#told = tellStarted(this.#statement.text, link.server);
    return this.#open(link);
  }

  /** Ends the stream before its end. */
  async return(): Promise<IteratorResult<R, undefined>> {
    await this.#end();
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #end(error: unknown = null): Promise<void> {
    this.#state = "ended";
    if (this.#told !== null) tellEnded(this.#told, error);
    this.#rows = [];
    const [link, cursor] = [this.#link, this.#cursor];
    this.#link = this.#cursor = null;
    if (link === null) return;
    try {
      if (cursor !== null && !cursor.ended) await link.tidy(() => closeCursor(link, cursor));
    } finally {
      this.#lending.takeBack(link);
    }
  }
}

async function closeCursor(link: Link, cursor: Cursor): Promise<void> {
  if (cursor.running) await link.stop();
  await link.perform<void>("end of rows", (done) => cursor.close(done));
}
