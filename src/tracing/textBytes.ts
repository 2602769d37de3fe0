/*
 * TextBytes: text as UTF-8, added piece by piece.
 *
 * Strategy: a batch of spans is some hundred kilobytes, and a string of that size, put together from pieces, costs many
 * times more to make flat and to encode than its pieces do one by one, which are young and small.
 */

/** So many bytes does a UTF-16 code unit take in UTF-8 at most. */
const WIDEST = 3;

/** @internal */
export class TextBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param size what is likely to be needed, in bytes */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  add(text: string): void {
    const needed = this.#length + text.length * WIDEST;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length += this.#bytes.write(text, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** What was added; nothing may be added after that. */
  take(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, 0, this.#length);
  }
}

/**
 * A list of JSON, of which each item is made when its turn comes.
 * @internal
 */
export function listBytes<T>(
  head: string,
  items: readonly T[],
  textOf: (item: T) => string,
  tail: string,
): Uint8Array {
  const bytes = new TextBytes(head.length + tail.length + items.length * USUAL);
  bytes.add(head);
  let separator = "";
  for (const item of items) {
    bytes.add(separator + textOf(item));
    separator = ",";
  }
  bytes.add(tail);
  return bytes.take();
}

/** What a span takes, in bytes, with some to spare. */
const USUAL = 1024;
