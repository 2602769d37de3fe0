/*
 * StreamReader: bytes that come in, read by count, by line, or up to a separator.
 *
 * Strategy: what was received stays in the buffer until a read can be answered in full, in one step; a read that waits
 * holds nothing. So a cancelled read has lost nothing, whatever it had asked for (CPython loses what `read(-1)` had
 * gathered). Reading is paused above twice the limit and goes on at the limit, or when a read needs more.
 * CPython's rules: asyncio/streams.py, StreamReader.
 * Limits: one read at a time; what is read is a view of what was received, not a copy.
 */
import { expectInteger, expectLimit, wrongType } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { ChunkBuffer } from "./chunkBuffer.ts";
import { ConcurrentReadError, IncompleteReadError, LimitOverrunError } from "./errors.ts";
import { firstOf, NEWLINE, type Separator, separatorsOf } from "./separators.ts";
import { type Transport, transportWords } from "./transport.ts";

/** The limit of a reader that is given none, in bytes. @internal */
export const DEFAULT_LIMIT = 65_536;

/** How a reader is made. */
export interface StreamReaderOptions {
  /** The longest line, in bytes, an integer of at least 1; reading pauses above twice that. Default 65,536. */
  readonly limit?: number;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * The receiving half of a stream (`asyncio.StreamReader`).
 *
 * Made by `openConnection` and its like; made by hand, it is fed with `feedData` and `feedEof`. `for await` gives the
 * lines, each with its newline. Prints as `<StreamReader 4 bytes eof>`.
 *
 * **Cancellation:** a cancelled read takes nothing: the next one finds every byte in its place.
 *
 * @example
 * ```ts
 * import { StreamReader } from "ambit/streams";
 *
 * const reader = new StreamReader();
 * reader.feedData(Buffer.from("one\ntwo"));
 * reader.feedEof();
 * String(await reader.readline()); // => "one\n"
 * String(await reader.read()); // => "two"
 * reader.atEof(); // => true
 * ```
 */
export class StreamReader implements AsyncIterable<Buffer> {
  readonly #limit: number;
  readonly #buffer = new ChunkBuffer();
  #eof = false;
  #exception: Error | null = null;
  #waiter: Wait<void> | null = null;
  #transport: Transport | null = null;
  #paused = false;

  /** @throws RangeError when `limit` is not an integer of at least 1, or Infinity */
  constructor(options: StreamReaderOptions = {}) {
    expectReaderOptions(options);
    this.#limit = options.limit ?? DEFAULT_LIMIT;
  }

  /** The longest line, in bytes. */
  get limit(): number {
    return this.#limit;
  }

  /** How many bytes were received and not read yet. */
  get bufferedBytes(): number {
    return this.#buffer.size;
  }

  /**
   * Reads up to `count` bytes: what is there, after waiting for something if nothing is. Without a count, or with -1,
   * reads to the end of the stream. An empty buffer means the end.
   *
   * **Cancellation:** takes nothing.
   *
   * @param count bytes, an integer; not limited by `limit`
   * @throws what ended the connection
   * @throws {@link ConcurrentReadError} when another read waits
   */
  async read(count = -1): Promise<Buffer> {
    expectInteger("count", count, -1);
    this.#refuseBroken();
    if (count === 0) return NOTHING;
    if (count < 0) return this.#readAll();
    while (!this.#eof && this.#buffer.size === 0) await this.more("read");
    return this.#take(Math.min(count, this.#buffer.size));
  }

  async #readAll(): Promise<Buffer> {
    while (!this.#eof) await this.more("read");
    return this.#take(this.#buffer.size);
  }

  /**
   * Reads exactly `count` bytes.
   *
   * **Cancellation:** takes nothing.
   *
   * @param count bytes, an integer of at least 0; not limited by `limit`
   * @throws {@link IncompleteReadError} with what there is, when the stream ends before
   * @throws what ended the connection
   * @throws {@link ConcurrentReadError} when another read waits
   */
  async readexactly(count: number): Promise<Buffer> {
    expectInteger("count", count, 0);
    this.#refuseBroken();
    while (this.#buffer.size < count) {
      if (this.#eof) throw new IncompleteReadError(this.#buffer.takeAll(), count);
      await this.more("readexactly");
    }
    return this.#take(count);
  }

  /**
   * Reads a line, its `"\n"` included. At the end of the stream: the rest; then an empty buffer.
   *
   * **Cancellation:** takes nothing.
   *
   * @throws {@link LimitOverrunError} when the line is longer than the limit; the line is dropped, or all that was
   *   received of it so far
   * @throws what ended the connection
   * @throws {@link ConcurrentReadError} when another read waits
   */
  readline(): Promise<Buffer> {
    // Most lines are there in whole: they cost one search and one promise.
    const line = this.#lineHere();
    return line === null ? this.#readline() : Promise.resolve(line);
  }

  /** The next line, when all of it is there. */
  #lineHere(): Buffer | null {
    if (this.#exception !== null) return null;
    const start = this.#buffer.indexOf(NEWLINE[0] as Buffer, 0);
    return start === -1 || start > this.#limit ? null : this.#take(start + 1);
  }

  async #readline(): Promise<Buffer> {
    const end = await this.#find(NEWLINE, "readline", skipLine);
    return this.#take(end < 0 ? this.#buffer.size : end);
  }

  /**
   * Reads up to the separator, and the separator. With several, up to the one that ends first.
   *
   * **Cancellation:** takes nothing.
   *
   * @param separator bytes or text, or a list of such; none of them empty. Default `"\n"`
   * @throws {@link IncompleteReadError} with what there is, when the stream ends before
   * @throws {@link LimitOverrunError} when what stands before the separator is longer than the limit; nothing is taken
   * @throws what ended the connection
   * @throws {@link ConcurrentReadError} when another read waits
   * @throws RangeError when a separator is empty, or the list is
   *
   * @example
   * ```ts
   * import { StreamReader } from "ambit/streams";
   *
   * const reader = new StreamReader();
   * reader.feedData(Buffer.from("key=value;rest"));
   * String(await reader.readuntil("=")); // => "key="
   * String(await reader.readuntil([";", "\n"])); // => "value;"
   * ```
   */
  async readuntil(separator: Separator | readonly Separator[] = "\n"): Promise<Buffer> {
    const end = await this.#find(separatorsOf(separator), "readuntil", keep);
    if (end < 0) throw new IncompleteReadError(this.#buffer.takeAll(), null);
    return this.#take(end);
  }

  /** True when the stream has ended and everything was read. */
  atEof(): boolean {
    return this.#eof && this.#buffer.size === 0;
  }

  /** What ended the connection; null while it is in order. */
  exception(): Error | null {
    return this.#exception;
  }

  /** The lines that come, each with its newline, until the stream ends. Leaving the loop loses none. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return {
      next: () => {
        const line = this.#lineHere();
        return line === null ? this.#nextLine() : Promise.resolve({ done: false, value: line });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async #nextLine(): Promise<IteratorResult<Buffer, undefined>> {
    const line = await this.#readline();
    return line.length === 0 ? { done: true, value: undefined } : { done: false, value: line };
  }

  /**
   * Adds bytes at the end: for who makes a reader by hand. The bytes are kept, so they must not be altered.
   * @throws {@link InvalidStateError} after `feedEof`
   */
  feedData(data: Uint8Array): void {
    if (!(data instanceof Uint8Array)) throw wrongType("data", "a Uint8Array", data);
    if (this.#eof) throw new InvalidStateError(`feedData after feedEof on ${this[INSPECT]()}`);
    if (data.length === 0) return;
    this.#buffer.push(data);
    this.#wake();
    if (this.#transport !== null && !this.#paused && this.#buffer.size > 2 * this.#limit) {
      this.#paused = true;
      this.#transport.pauseReading();
    }
  }

  /** Ends the stream: what is there can still be read. May be called again. */
  feedEof(): void {
    this.#eof = true;
    this.#wake();
  }

  /** Makes this and every later read fail with the error. */
  setException(error: Error): void {
    this.#exception = error;
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.reject(error);
  }

  /**
   * Names the transport to pause when too much is there.
   * @throws {@link InvalidStateError} when it has one already
   */
  setTransport(transport: Transport): void {
    if (this.#transport !== null) {
      throw new InvalidStateError(`setTransport on ${this[INSPECT]()}, which has one already`);
    }
    this.#transport = transport;
  }

  /** Goes over to another transport, with what it has: the connection became encrypted. @internal */
  replaceTransport(transport: Transport): void {
    this.#transport = transport;
    if (this.#paused) transport.pauseReading();
  }

  /** What was received too early, for whom it was meant. @internal */
  takeBack(): Buffer {
    return this.#buffer.takeAll();
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return this.#transport?.outside ?? false;
  }

  /** @internal */
  [INSPECT](): string {
    const parts = ["StreamReader"];
    if (this.#buffer.size > 0) parts.push(`${this.#buffer.size} bytes`);
    if (this.#eof) parts.push("eof");
    if (this.#limit !== DEFAULT_LIMIT) parts.push(`limit=${this.#limit}`);
    if (this.#waiter !== null) parts.push(`waiter=${this.#waiter.label}`);
    if (this.#exception !== null) parts.push(`exception=${String(this.#exception)}`);
    if (this.#transport !== null) parts.push(`transport=${transportWords(this.#transport)}`);
    if (this.#paused) parts.push("paused");
    return `<${parts.join(" ")}>`;
  }

  #refuseBroken(): void {
    if (this.#exception !== null) throw this.#exception;
  }

  #take(count: number): Buffer {
    const taken = this.#buffer.take(count);
    this.#resume();
    return taken;
  }

  #resume(): void {
    if (!this.#paused || this.#buffer.size > this.#limit) return;
    this.#paused = false;
    this.#transport?.resumeReading();
  }

  /**
   * Waits until a separator is there; gives where it ends, or -1 when the stream ends without one. `overrun` says what
   * becomes of the bytes when the limit is passed.
   */
  async #find(
    separators: readonly Buffer[],
    operation: string,
    overrun: (consumed: number, ends: number) => number,
  ): Promise<number> {
    this.#refuseBroken();
    const shortest = (separators[0] as Buffer).length;
    const longest = (separators.at(-1) as Buffer).length;
    // No separator begins before this place.
    let from = 0;
    for (;;) {
      const { size } = this.#buffer;
      if (size - from >= shortest) {
        const found = firstOf(separators, this.#buffer, from);
        if (found !== null) {
          if (found.start <= this.#limit) return found.end;
          this.#overrun(overrun(found.start, found.end), found.start, "the separator is behind it");
        }
        // The last bytes may be the beginning of one.
        from = Math.max(0, size + 1 - longest);
        if (from > this.#limit)
          this.#overrun(overrun(from, size), from, "no separator is in sight");
      }
      if (this.#eof) return -1;
      await this.more(operation);
    }
  }

  #overrun(drop: number, consumed: number, why: string): never {
    this.#buffer.take(drop);
    this.#resume();
    throw new LimitOverrunError(
      `more than ${this.#limit} bytes, the limit of the stream: ${why}`,
      consumed,
    );
  }

  /** Waits for more data or the end; a reader that fetches what it reads does so here. @internal */
  protected more(operation: string): Promise<void> {
    if (this.#waiter !== null) throw this.concurrentRead(operation);
    // A read that needs more than twice the limit would wait for ever on a paused transport.
    if (this.#paused) {
      this.#paused = false;
      this.#transport?.resumeReading();
    }
    return suspend<void, StreamReader>(StreamReader.#start, this, `StreamReader.${operation}`);
  }

  /** What is thrown for a read while another waits. @internal */
  protected concurrentRead(operation: string): ConcurrentReadError {
    const words = `${operation} on ${this[INSPECT]()}, on which another read waits`;
    return new ConcurrentReadError(`${words}: let one task read, or take turns with a Lock`);
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.resolve();
  }

  static #start(this: void, wait: Wait<void>, reader: StreamReader): Cleanup<void, StreamReader> {
    reader.#waiter = wait;
    return StreamReader.#forget;
  }

  static #forget(this: void, wait: Wait<void>, reader: StreamReader): void {
    if (reader.#waiter === wait) reader.#waiter = null;
  }
}

/** @internal */
export function expectReaderOptions(options: StreamReaderOptions): void {
  if (options.limit !== undefined) expectLimit("options.limit", options.limit, 1);
}

/** `readuntil`, past the limit: nothing is dropped. */
function keep(): number {
  return 0;
}

/** `readline`, past the limit: the line is dropped, or what there is of it. */
function skipLine(_consumed: number, ends: number): number {
  return ends;
}
