/*
 * Chunks that must have a certain number of bytes in all.
 *
 * What was said of a body before it was sent is kept, or the request fails: the length of one part of
 * a body is no business of the next part, nor that of a body one of the next request. Strategy: the
 * chunk that makes it complete is held back until the source has ended. Otherwise the server had all
 * that was announced, and took it for the whole, before the source gives more.
 */
import { BodyChunks } from "./bodyChunks.ts";

/** There is more or less of a body than was said. @internal */
export class BodyLengthError extends Error {
  override readonly name: string = "BodyLengthError";
}

/** @internal */
export class MeasuredChunks extends BodyChunks {
  readonly #chunks: BodyChunks;
  readonly #length: number;
  readonly #what: string;
  #given = 0;
  #ended = false;

  /** `what` they are, for the words of an error: "its body", "a part of its body". */
  constructor(chunks: BodyChunks, length: number, what: string) {
    super();
    this.#chunks = chunks;
    this.#length = length;
    this.#what = what;
  }

  protected async read(): Promise<Uint8Array | null> {
    const chunk = this.#ended ? null : await this.#take();
    if (chunk === null) return this.#complete();
    this.#given += chunk.length;
    if (this.#given >= this.#length) await this.#expectEnd();
    return chunk;
  }

  /** The next chunk that is not empty; null after the last. */
  async #take(): Promise<Uint8Array | null> {
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return null;
      if (value.length > 0) return value;
    }
  }

  #complete(): null {
    if (this.#given === this.#length) return null;
    throw new BodyLengthError(`${this.#what} ended after ${this.#given} of ${this.#length} bytes`);
  }

  async #expectEnd(): Promise<void> {
    this.#ended = this.#given === this.#length && (await this.#take()) === null;
    if (this.#ended) return;
    throw new BodyLengthError(
      `${this.#what} is longer than the ${this.#length} bytes that were announced`,
    );
  }

  override get stuck(): boolean {
    return this.#chunks.stuck;
  }

  protected async close(): Promise<void> {
    await this.#chunks.return();
  }
}
