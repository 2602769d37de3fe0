/*
 * Chunks that must have a certain number of bytes in all. What is said before a body is sent is kept,
 * or the request fails: the length of one part of a body is no business of another part.
 */
import { BodyChunks } from "./bodyChunks.ts";

/** @internal */
export class MeasuredChunks extends BodyChunks {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #length: number;
  readonly #what: string;
  #given = 0;

  /** `what` they are, for the words of an error: `"part \"photo\""`. */
  constructor(chunks: AsyncIterator<Uint8Array>, length: number, what: string) {
    super();
    this.#chunks = chunks;
    this.#length = length;
    this.#what = what;
  }

  protected async read(): Promise<Uint8Array | null> {
    const { done, value } = await this.#chunks.next();
    if (done === true) {
      if (this.#given === this.#length) return null;
      throw new Error(`${this.#what} ended after ${this.#given} of ${this.#length} bytes`);
    }
    this.#given += value.length;
    if (this.#given <= this.#length) return value;
    throw new Error(`${this.#what} is longer than the ${this.#length} bytes that were announced`);
  }

  protected async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
