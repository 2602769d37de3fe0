/*
 * The chunks of a body that have come and were not read yet.
 *
 * Chunks are handed out as the socket gave them: no copy is made unless several have to become one.
 * They leave as plain Uint8Arrays, not as Node's Buffers, whose `slice` and `toString` differ.
 */

/** With this many bytes unread, a source is paused; with half of it, it goes on. @internal */
export const HIGH_WATER: number = 128 * 1024;

const EMPTY: Uint8Array = new Uint8Array(0);

/** @internal */
export class BodyBuffer {
  #chunks: Uint8Array[] = [];
  /** Bytes that wait to be read. */
  size = 0;
  /** Bytes that ever came. */
  received = 0;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.size += chunk.length;
    this.received += chunk.length;
  }

  /** The oldest chunk, or null. */
  take(): Uint8Array | null {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return null;
    this.size -= chunk.length;
    return plain(chunk);
  }

  /** Everything, as one. */
  takeAll(): Uint8Array {
    const chunks = this.#chunks;
    const [first = EMPTY] = chunks;
    const whole = chunks.length < 2 ? first : Buffer.concat(chunks, this.size);
    this.clear();
    return plain(whole);
  }

  clear(): void {
    this.#chunks = [];
    this.size = 0;
  }
}

function plain(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
