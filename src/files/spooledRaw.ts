/*
 * SpooledRaw: the inside of a file that is in memory as long as it is small.
 *
 * Strategy: a buffer that grows; the write that would make it too large moves all to a file without a name first.
 */
import { protect } from "../core/shield.ts";
import { openNameless } from "./openTemporary.ts";
import type { RawFile } from "./rawFile.ts";
import type { TemporaryOptions } from "./temporaryName.ts";

/** @internal */
export class SpooledRaw implements RawFile {
  readonly name = "spooled temporary file";
  readonly seekable = true;
  readonly #maxSize: number;
  readonly #options: TemporaryOptions;
  #content = Buffer.alloc(0);
  #size = 0;
  #file: RawFile | null = null;

  /** @param maxSize bytes that are kept in memory */
  constructor(maxSize: number, options: TemporaryOptions) {
    this.#maxSize = maxSize;
    this.#options = options;
  }

  get fd(): number {
    return this.#file?.fd ?? -1;
  }

  /** Whether it is on the disk. */
  get rolled(): boolean {
    return this.#file !== null;
  }

  async read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number> {
    if (this.#file !== null) return await this.#file.read(buffer, offset, length, position);
    const from = position ?? 0;
    const count = Math.max(0, Math.min(length, this.#size - from));
    buffer.set(this.#content.subarray(from, from + count), offset);
    return count;
  }

  async write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number> {
    const from = position ?? this.#size;
    if (from + length > this.#maxSize) await this.rollover();
    if (this.#file !== null) return await this.#file.write(buffer, offset, length, from);
    this.#grow(from + length);
    this.#content.set(buffer.subarray(offset, offset + length), from);
    return length;
  }

  async size(): Promise<number> {
    return this.#file === null ? this.#size : await this.#file.size();
  }

  async truncate(length: number): Promise<void> {
    if (length > this.#maxSize) await this.rollover();
    if (this.#file !== null) return await this.#file.truncate(length);
    this.#grow(length);
    this.#content.fill(0, length, this.#size);
    this.#size = length;
  }

  async sync(metadata: boolean): Promise<void> {
    await this.#file?.sync(metadata);
  }

  async close(): Promise<void> {
    this.#content = Buffer.alloc(0);
    await this.#file?.close();
  }

  isatty(): boolean {
    return false;
  }

  /**
   * Moves it to the disk.
   *
   * **Cancellation:** none reaches it: it is as large as its memory at most.
   */
  async rollover(): Promise<void> {
    if (this.#file !== null) return;
    await protect(async () => {
      const file = await openNameless(this.#options);
      try {
        for (let at = 0; at < this.#size;)
          at += await file.write(this.#content, at, this.#size - at, at);
        this.#file = file;
        this.#content = Buffer.alloc(0);
      } finally {
        if (this.#file === null) await file.close();
      }
    });
  }

  /** Makes it at least so large; what is new is zero. */
  #grow(size: number): void {
    if (size > this.#content.length) {
      const larger = Buffer.alloc(
        Math.min(Math.max(size, 2 * this.#content.length), this.#maxSize),
      );
      this.#content.copy(larger);
      this.#content = larger;
    }
    this.#size = Math.max(this.#size, size);
  }
}
