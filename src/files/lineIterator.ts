/*
 * The iterators of lines.
 *
 * Strategy: written by hand, for an async generator costs twice as much for each line. A line that is there costs one
 * promise and its result; the file itself knows where it is, so a loop that is left has lost none, and lines may be taken
 * in a loop and by `readline` in turn.
 */

/** @internal */
export interface LineSource<L> {
  /** The next line, if it can be had at once. */
  lineHere(): L | null;
  /** The next line after waiting for it; null at the end of the file. */
  line(): Promise<L | null>;
  /** A batch of lines that can be had at once; null when not even one can. */
  linesHere(): L[] | null;
  /** The next batch after waiting for a line; empty at the end of the file. */
  lines(): Promise<L[]>;
}

/** @internal */
export class LineIterator<L> implements AsyncIterableIterator<L, undefined> {
  readonly #source: LineSource<L>;
  /** Kept from being collected, and its file closed, while lines are read. */
  readonly file: object;

  constructor(source: LineSource<L>, file: object) {
    this.#source = source;
    this.file = file;
  }

  next(): Promise<IteratorResult<L, undefined>> {
    const line = this.#source.lineHere();
    return line === null ? this.#next() : Promise.resolve({ done: false, value: line });
  }

  async #next(): Promise<IteratorResult<L, undefined>> {
    const line = await this.#source.line();
    return line === null ? { done: true, value: undefined } : { done: false, value: line };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** @internal */
export class BatchIterator<L> implements AsyncIterableIterator<L[], undefined> {
  readonly #source: LineSource<L>;
  /** Kept, as by {@link LineIterator}. */
  readonly file: object;

  constructor(source: LineSource<L>, file: object) {
    this.#source = source;
    this.file = file;
  }

  next(): Promise<IteratorResult<L[], undefined>> {
    const lines = this.#source.linesHere();
    return lines === null ? this.#next() : Promise.resolve({ done: false, value: lines });
  }

  async #next(): Promise<IteratorResult<L[], undefined>> {
    const lines = await this.#source.lines();
    return lines.length === 0 ? { done: true, value: undefined } : { done: false, value: lines };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
