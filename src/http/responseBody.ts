/*
 * A body as an async iterator, written by hand: an async generator costs twice as much, and cannot
 * be ended while it waits for a chunk.
 */

/**
 * What gives the chunks: the response itself, which must not be collected while its body is read.
 * @internal
 */
export interface ChunkSource {
  /** The next chunk; null after the last. */
  read(): Promise<Uint8Array | null>;
  release(): void;
}

/** The chunks of a body, as they come. Ending the loop early releases the response. */
export class ResponseBody implements AsyncIterableIterator<Uint8Array>, AsyncDisposable {
  readonly #source: ChunkSource;

  /** @internal */
  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /**
   * The next chunk.
   *
   * **Cancellation:** closes the connection; chunks that came are lost.
   */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = await this.#source.read();
    return value === null ? { done: true, value: undefined } : { done: false, value };
  }

  /** Releases the response. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#source.release();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Releases the response. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#source.release();
  }
}
