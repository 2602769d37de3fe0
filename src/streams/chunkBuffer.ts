/*
 * ChunkBuffer: the bytes that were received and not read yet.
 *
 * Strategy: a list of the chunks as they came. Nothing is copied on the way in; what is read is a view of the chunk it
 * lies in, and only what crosses from one chunk into another is put together. So a line costs its own length, however
 * large the chunk is, and a chunk costs nothing until it is read.
 * Tiny chunks are the exception: a peer that sends a byte at a time would make a list of thousands of them, to be walked
 * by every search. They are gathered in blocks while something waits before them.
 * Limits: a view keeps its whole chunk alive; a search walks the chunks before the place it starts from, which are few.
 */

/** Chunks below this size are copied into a block when they have to wait behind others. */
const TINY = 512;
const BLOCK = 4096;
const EMPTY: Buffer = Buffer.alloc(0);

export class ChunkBuffer {
  /** How many bytes are in it. */
  size = 0;
  #chunks: Buffer[] = [];
  /** Which chunk is the first, and how much of it was read. */
  #head = 0;
  #offset = 0;
  /** The block that the last chunk is the used part of; null when the last chunk came whole. */
  #block: Buffer | null = null;

  /** Adds bytes at the end; they are kept, not copied, unless they are few. */
  push(data: Uint8Array): void {
    if (data.length === 0) return;
    const chunk = asBuffer(data);
    if (chunk.length < TINY && this.size > 0) this.#gather(chunk);
    else {
      this.#chunks.push(chunk);
      this.#block = null;
    }
    this.size += chunk.length;
  }

  #gather(chunk: Buffer): void {
    const last = this.#chunks.length - 1;
    const used = this.#block === null ? 0 : (this.#chunks[last] as Buffer).length;
    if (this.#block === null || used + chunk.length > BLOCK) {
      // Not from the pool: a block lives as long as any line in it.
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
      chunk.copy(this.#block);
      this.#chunks.push(this.#block.subarray(0, chunk.length));
      return;
    }
    chunk.copy(this.#block, used);
    this.#chunks[last] = this.#block.subarray(0, used + chunk.length);
  }

  /** Takes out the first `count` bytes; there must be as many. */
  take(count: number): Buffer {
    if (count === 0) return EMPTY;
    const first = this.#chunks[this.#head] as Buffer;
    const end = this.#offset + count;
    if (end > first.length) return this.#join(count);
    const taken =
      this.#offset === 0 && end === first.length ? first : first.subarray(this.#offset, end);
    this.size -= count;
    if (end === first.length) this.#dropFirst();
    else this.#offset = end;
    return taken;
  }

  /** The first bytes, from more than one chunk. */
  #join(count: number): Buffer {
    const joined = Buffer.allocUnsafe(count);
    for (let filled = 0; filled < count;) {
      const chunk = this.#chunks[this.#head] as Buffer;
      const part = Math.min(count - filled, chunk.length - this.#offset);
      joined.set(this.take(part), filled);
      filled += part;
    }
    return joined;
  }

  /** Takes out everything. */
  takeAll(): Buffer {
    return this.take(this.size);
  }

  /** Drops everything. */
  clear(): void {
    this.#chunks = [];
    this.#head = this.#offset = this.size = 0;
    this.#block = null;
  }

  #dropFirst(): void {
    this.#chunks[this.#head] = EMPTY;
    this.#head++;
    this.#offset = 0;
    if (this.#head === this.#chunks.length) return this.clear();
    // Moved to the front only when half of the list is gone: each chunk is moved once on average.
    if (this.#head >= 32 && this.#head * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Where `separator` first stands at or after `from`; -1 when it does not. */
  indexOf(separator: Buffer, from: number): number {
    const needle = separator.length === 1 ? (separator[0] as number) : separator;
    let base = -this.#offset;
    for (let at = this.#head; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as Buffer;
      const local = Math.max(from - base, -base, 0);
      if (local < chunk.length) {
        const found = chunk.indexOf(needle, local);
        if (found !== -1) return base + found;
        const across = separator.length === 1 ? -1 : this.#across(at, local, separator);
        if (across !== -1) return base + across;
      }
      base += chunk.length;
    }
    return -1;
  }

  /** Where in chunk `at` a separator begins that ends in a later one; -1 for nowhere. */
  #across(at: number, local: number, separator: Buffer): number {
    const chunk = this.#chunks[at] as Buffer;
    for (
      let start = Math.max(local, chunk.length - separator.length + 1);
      start < chunk.length;
      start++
    ) {
      if (this.#matches(at, start, separator)) return start;
    }
    return -1;
  }

  #matches(at: number, start: number, separator: Buffer): boolean {
    let chunk = this.#chunks[at];
    let place = start;
    let next = at;
    for (const byte of separator) {
      while (chunk !== undefined && place === chunk.length) {
        chunk = this.#chunks[++next];
        place = 0;
      }
      if (chunk === undefined || chunk[place++] !== byte) return false;
    }
    return true;
  }
}

/** The same bytes as a Buffer, not a copy. @internal */
export function asBuffer(data: Uint8Array): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
