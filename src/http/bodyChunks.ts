/*
 * The chunks of a body on their way out: what each source of bytes, and each layer around one, is.
 *
 * Strategy: an async iterator written by hand, of two methods: `read` gives the next chunk, `close`
 * lets go of what is held. `close` runs once, whether the chunks ended, failed or were given up; and
 * it may run while a `read` is pending, which it then has to end. (An async generator can do neither:
 * its `return` queues behind a pending `next`.)
 */

type Step = IteratorResult<Uint8Array, undefined>;

const DONE: Step = { done: true, value: undefined };

/** @internal */
export abstract class BodyChunks implements AsyncIterableIterator<Uint8Array, undefined> {
  #closing: Promise<void> | null = null;

  /** The next chunk; null after the last. */
  protected abstract read(): Promise<Uint8Array | null>;

  /** Lets go of everything; a `read` that is pending ends, no matter how. */
  protected abstract close(): Promise<void>;

  /** True while closing has to wait for a step that only a foreign promise can end. */
  get stuck(): boolean {
    return false;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    if (this.#closing !== null) return DONE;
    let chunk: Uint8Array | null = null;
    try {
      chunk = await this.read();
    } finally {
      // Who loops over it does not call `return` after an error, nor after the end.
      if (chunk === null) await this.#end();
    }
    return chunk === null ? DONE : { done: false, value: chunk };
  }

  async return(): Promise<Step> {
    await this.#end();
    return DONE;
  }

  #end(): Promise<void> {
    this.#closing ??= this.close();
    return this.#closing;
  }
}

/** Bytes in memory, piece by piece. @internal */
export class SlicedChunks extends BodyChunks {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(content: string | Uint8Array) {
    super();
    this.#bytes = typeof content === "string" ? Buffer.from(content) : content;
  }

  protected read(): Promise<Uint8Array | null> {
    const begin = this.#position;
    if (begin >= this.#bytes.length) return Promise.resolve(null);
    this.#position += SLICE;
    return Promise.resolve(this.#bytes.subarray(begin, this.#position));
  }

  protected close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Bytes: what a socket's buffer holds at a time. */
const SLICE = 65_536;
