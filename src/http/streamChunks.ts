/*
 * Chunks of bytes from the streams and iterables that callers have.
 *
 * Strategy: one class per kind of source, because each is ended in its own way: a stream of Node's is
 * destroyed, a stream of the web is cancelled, an iterator is returned from. Strings are sent as
 * UTF-8, each by itself: a pair of surrogates must not be parted between two.
 */
import type { Readable } from "node:stream";
import type { ReadableStream, ReadableStreamDefaultReader } from "node:stream/web";
import { wrongType } from "../core/arguments.ts";
import { cancellable } from "../core/cancellable.ts";
import { BodyChunks } from "./bodyChunks.ts";
import { viewOf } from "./bufferedBody.ts";

function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return Buffer.from(chunk);
  const bytes = viewOf(chunk);
  if (bytes === null) throw wrongType("a chunk of the body", "a string or bytes", chunk);
  return bytes;
}

/** Of a stream of Node's; it is destroyed if it is not needed to its end. @internal */
export class ReadableChunks extends BodyChunks {
  readonly #stream: Readable;
  #iterator: AsyncIterator<unknown> | null = null;

  constructor(stream: Readable) {
    super();
    this.#stream = stream;
  }

  protected async read(): Promise<Uint8Array | null> {
    this.#iterator ??= this.#stream[Symbol.asyncIterator]();
    const result = await cancellable(this.#iterator.next());
    return result.done === true ? null : bytesOf(result.value);
  }

  protected close(): Promise<void> {
    this.#stream.destroy();
    return Promise.resolve();
  }
}

/** Of a stream of the web; it is cancelled if it is not needed to its end. @internal */
export class WebStreamChunks extends BodyChunks {
  readonly #reader: ReadableStreamDefaultReader<unknown>;

  constructor(stream: ReadableStream) {
    super();
    this.#reader = stream.getReader();
  }

  protected async read(): Promise<Uint8Array | null> {
    const result = await cancellable(this.#reader.read());
    return result.done ? null : bytesOf(result.value);
  }

  protected close(): Promise<void> {
    // How long its source takes to hear of it, or whether it fails, is not this request's affair.
    this.#reader.cancel("the request is over").catch(() => undefined);
    return Promise.resolve();
  }
}

/** Of an async iterable; `return` is called if it is not needed to its end. @internal */
export class IterableChunks extends BodyChunks {
  readonly #source: AsyncIterable<unknown>;
  #iterator: AsyncIterator<unknown> | null = null;
  #step: Promise<unknown> | null = null;
  #over = false;

  constructor(source: AsyncIterable<unknown>) {
    super();
    this.#source = source;
  }

  protected async read(): Promise<Uint8Array | null> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    const step = Promise.resolve(this.#iterator.next());
    this.#step = step;
    const result = await this.#outcome(step);
    this.#step = null;
    if (result.done !== true) return bytesOf(result.value);
    this.#over = true;
    return null;
  }

  async #outcome(step: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    try {
      return await step;
    } catch (error) {
      this.#over = true;
      throw error;
    }
  }

  override get stuck(): boolean {
    return this.#step !== null && isGenerator(this.#iterator);
  }

  protected async close(): Promise<void> {
    // One that is its own iterator may hold something before its first step, too.
    this.#iterator ??= "next" in this.#source ? (this.#source as AsyncIterator<unknown>) : null;
    // A generator's `return` would queue behind the step, and run in the context of that.
    if (this.stuck) await this.#step?.catch(() => undefined);
    if (!this.#over) await this.#iterator?.return?.();
  }
}

function isGenerator(iterator: unknown): boolean {
  return Object.prototype.toString.call(iterator) === "[object AsyncGenerator]";
}
