/*
 * WriteBuffer: the bytes of a file that were gathered, to be written when a call of the system is worth while.
 *
 * Strategy: what is large in itself goes out from the program's own memory. What a call that failed or was cancelled has
 * not written stays gathered, in its place, for the next flush: what was taken is written in whole, and once.
 * Limits: it knows no positions; see `BufferedFile`.
 */
import { MOST, NO_BYTES } from "./readBuffer.ts";

const LEAST = 512;

/** Writes a part of a buffer with one call, as much as comes; gives how many bytes. @internal */
export type WriteOnce = (bytes: Uint8Array, offset: number, length: number) => Promise<number>;

/** @internal */
export class WriteBuffer {
  /** How many bytes are gathered. */
  size = 0;
  readonly #limit: number;
  #bytes = NO_BYTES;

  /** @param limit bytes to gather; 0 for none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether so many more can be gathered. */
  fits(count: number): boolean {
    return this.size + count < this.#limit;
  }

  /** Gathers bytes that fit. */
  gather(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  /** Gathers text in UTF-8, if three bytes for each of its units fit; gives how many it took. */
  gatherText(text: string): number {
    this.#makeRoom(3 * text.length);
    const count = this.#bytes.write(text, this.size);
    this.size += count;
    return count;
  }

  #makeRoom(count: number): void {
    const size = this.size + count;
    if (this.#bytes.length >= size) return;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(size, Math.min(this.#limit, 2 * this.#bytes.length), LEAST),
    );
    this.#bytes.copy(larger, 0, 0, this.size);
    this.#bytes = larger;
  }

  /** Gathers a copy of bytes, however many. */
  keep(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  /** Writes what was gathered. */
  async flush(write: WriteOnce): Promise<void> {
    let written = 0;
    const total = this.size;
    try {
      while (written < total) {
        written += await write(this.#bytes, written, Math.min(total - written, MOST));
      }
    } finally {
      if (written > 0) this.#bytes.copyWithin(0, written, total);
      this.size = total - written;
    }
  }

  /** Takes out what was gathered. */
  takeAll(): Buffer {
    const bytes = this.#bytes.subarray(0, this.size);
    this.#bytes = NO_BYTES;
    this.size = 0;
    return bytes;
  }
}
