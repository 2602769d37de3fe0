/*
 * A file that is not complete yet, written in pieces: `name.part`.
 *
 * Strategy: what comes is gathered until it is worth a system call (256 KiB), and written at its
 * position there and then: what is large in itself without a copy. A thread would take
 * longer to hear of it than the system to copy it, while the disk is quick. When a write took long,
 * writes go to the thread pool until one is quick again; meanwhile the next is gathered, and who
 * brings more than that waits. One write of a writer is under way at a time, so that what is on the
 * disk is always the file's first bytes, and its size tells how many. Segments have a writer each.
 * A write cannot be called back: a cancel waits for the one under way, then writes what was gathered,
 * so that nothing that has come is lost.
 */
import {
  closeSync,
  constants,
  fdatasync,
  ftruncateSync,
  futimesSync,
  openSync,
  write,
  writeSync,
} from "node:fs";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";

const GATHERED = 256 * 1024;
/** Milliseconds that a write may keep the event loop from everything else. */
const QUICK = 5;

/** Never through a symbolic link that somebody has put there; Windows has no such flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const { O_CREAT, O_TRUNC, O_WRONLY } = constants;

/** Opens a file to write; @internal */
export function openToWrite(path: string, empty: boolean): number {
  return openSync(path, O_WRONLY | O_CREAT | NO_FOLLOW | (empty ? O_TRUNC : 0), 0o666);
}

/** @internal */
export class PartFile {
  readonly #fd: number;
  readonly #quick: number;
  #open = true;

  /**
   * @param keep how many bytes of it stay; null for all
   * @param quick milliseconds that a write may take before the next goes to a thread
   */
  constructor(path: string, keep: number | null, quick: number = QUICK) {
    this.#quick = quick;
    this.#fd = openToWrite(path, keep === 0);
    if (keep !== null && keep > 0) ftruncateSync(this.#fd, keep);
  }

  writer(position: number): PartWriter {
    return new PartWriter(this.#fd, position, this.#quick);
  }

  /** Gives it the time of its last change, in milliseconds since 1970. */
  setTime(modified: number, now: number): void {
    futimesSync(this.#fd, now / 1000, modified / 1000);
  }

  /** Waits until what was written is on the disk. */
  sync(): Promise<void> {
    return protect(() =>
      suspend<void>((wait) => {
        fdatasync(this.#fd, (error) => (error === null ? wait.resolve() : wait.reject(error)));
      }),
    );
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }
}

/** Writes one stretch of a file, from its first byte on. @internal */
export class PartWriter {
  readonly #fd: number;
  readonly #quick: number;
  readonly #loop: Loop = getRunningLoop();
  #position: number;
  #gathered: Buffer | null = null;
  #size = 0;
  /** The buffer that a thread writes from. */
  #lent: Buffer | null = null;
  #slow: boolean;
  #error: Error | null = null;
  #wait: Wait<void> | null = null;

  constructor(fd: number, position: number, quick: number) {
    this.#fd = fd;
    this.#position = position;
    this.#quick = quick;
    this.#slow = quick <= 0;
  }

  /** Where the next byte goes that is not on the disk yet. */
  get position(): number {
    return this.#position;
  }

  /** Takes a chunk, and keeps nothing of it; says whether `drain` must be awaited before the next. */
  push(chunk: Uint8Array): boolean {
    this.#throwError();
    if (this.#size + chunk.length < GATHERED) this.#gather(chunk);
    else if (this.#slow || this.#lent !== null) return this.#pushSlowly(chunk);
    else {
      this.#writeGathered();
      if (chunk.length < GATHERED / 4) this.#gather(chunk);
      else this.#writeNow(chunk, chunk.length);
    }
    return false;
  }

  #pushSlowly(chunk: Uint8Array): boolean {
    this.#gather(chunk);
    if (this.#lent !== null) return true;
    this.#writeLater();
    return false;
  }

  /** Waits until there is room to gather. */
  async drain(): Promise<void> {
    await this.#settle();
    if (this.#size >= GATHERED) this.#writeLater();
  }

  /** Writes all that was gathered. Call it once, at the end, however that came. */
  async flush(): Promise<void> {
    if (this.#lent !== null) await protect(() => this.#settle());
    this.#throwError();
    this.#writeGathered();
    this.#gathered = null;
  }

  #gather(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    let buffer = this.#gathered;
    if (buffer === null || buffer.length < size) {
      buffer = Buffer.allocUnsafeSlow(Math.max(size, GATHERED));
      this.#gathered?.copy(buffer, 0, 0, this.#size);
      this.#gathered = buffer;
    }
    buffer.set(chunk, this.#size);
    this.#size = size;
  }

  #writeGathered(): void {
    const size = this.#size;
    if (this.#gathered === null || size === 0) return;
    this.#size = 0;
    this.#writeNow(this.#gathered, size);
  }

  #writeNow(bytes: Uint8Array, size: number): void {
    const began = this.#loop.time();
    this.#writeRest(bytes, 0, size);
    this.#slow = this.#loop.time() - began >= this.#quick;
  }

  /** However many calls it takes. */
  #writeRest(bytes: Uint8Array, from: number, size: number): void {
    try {
      for (let at = from; at < size;) {
        const written = writeSync(this.#fd, bytes, at, size - at, this.#position);
        at += written;
        this.#position += written;
      }
    } catch (error) {
      this.#error = error as Error;
      throw error;
    }
  }

  #writeLater(): void {
    const bytes = this.#gathered as Buffer;
    const size = this.#size;
    this.#lent = bytes;
    this.#gathered = null;
    this.#size = 0;
    const began = this.#loop.time();
    write(this.#fd, bytes, 0, size, this.#position, (error, written) => {
      this.#slow = this.#loop.time() - began >= this.#quick;
      this.#lent = null;
      this.#written(bytes, size, written, error);
      const wait = this.#wait;
      this.#wait = null;
      wait?.resolve();
    });
  }

  #written(bytes: Buffer, size: number, written: number, error: Error | null): void {
    this.#gathered ??= bytes;
    this.#error = error;
    if (error !== null) return;
    this.#position += written;
    try {
      // A disk that is full may take a part; the rest says why.
      this.#writeRest(bytes, written, size);
    } catch {
      // Whoever brings more, or ends it, gets the error.
    }
  }

  async #settle(): Promise<void> {
    if (this.#lent !== null) await suspend<void, this>(holdWriter, this, "download write");
    this.#throwError();
  }

  #throwError(): void {
    if (this.#error !== null) throw this.#error;
  }

  /** @internal */
  hold(wait: Wait<void>): void {
    this.#wait = wait;
  }
}

function holdWriter(wait: Wait<void>, writer: PartWriter): void {
  writer.hold(wait);
}
