/*
 * A file that is not complete yet, written in pieces: `name.part`.
 *
 * Strategy: what comes is gathered until it is worth a system call (256 KiB) and handed to the thread
 * pool at its position; meanwhile the next is gathered, and who brings more than that waits. One
 * write of a writer is under way at a time, so that what is on the disk is always the file's first
 * bytes, and its size tells how many. Segments have a writer each.
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
  writev,
  writevSync,
} from "node:fs";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";

const GATHERED = 256 * 1024;

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
  #open = true;

  /** @param keep how many bytes of it stay; null for all */
  constructor(path: string, keep: number | null) {
    this.#fd = openToWrite(path, keep === 0);
    if (keep !== null && keep > 0) ftruncateSync(this.#fd, keep);
  }

  writer(position: number): PartWriter {
    return new PartWriter(this.#fd, position);
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
  #position: number;
  #gathered: Uint8Array[] = [];
  #size = 0;
  #writing = false;
  #error: Error | null = null;
  #wait: Wait<void> | null = null;

  constructor(fd: number, position: number) {
    this.#fd = fd;
    this.#position = position;
  }

  /** Where the next byte goes that is not on the disk yet. */
  get position(): number {
    return this.#position;
  }

  /** Takes a chunk; says whether `drain` must be awaited before the next. */
  push(chunk: Uint8Array): boolean {
    this.#gathered.push(chunk);
    this.#size += chunk.length;
    if (this.#size < GATHERED) return false;
    if (this.#writing) return true;
    this.#write();
    return false;
  }

  /** Waits until there is room to gather. */
  async drain(): Promise<void> {
    await this.#settle();
    this.#write();
  }

  /** Writes all that was gathered. Call it once, at the end, however that came. */
  async flush(): Promise<void> {
    if (this.#writing) await protect(() => this.#settle());
    this.#throwError();
    if (this.#size > 0) this.#advance(writeAll(this.#fd, this.#take(), this.#position));
  }

  #take(): Uint8Array[] {
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#size = 0;
    return gathered;
  }

  #write(): void {
    this.#writing = true;
    const size = this.#size;
    const chunks = this.#take();
    writev(this.#fd, chunks, this.#position, (error, written) => {
      this.#writing = false;
      try {
        if (error !== null) throw error;
        // A disk that is full may take a part; the rest says why.
        if (written < size) writeAll(this.#fd, after(chunks, written), this.#position + written);
        this.#position += size;
      } catch (failure) {
        this.#error = failure as Error;
      }
      const wait = this.#wait;
      this.#wait = null;
      wait?.resolve();
    });
  }

  async #settle(): Promise<void> {
    if (this.#writing) await suspend<void, this>(holdWriter, this, "download write");
    this.#throwError();
  }

  #throwError(): void {
    if (this.#error !== null) throw this.#error;
  }

  #advance(bytes: number): void {
    this.#position += bytes;
  }

  /** @internal */
  hold(wait: Wait<void>): void {
    this.#wait = wait;
  }
}

function holdWriter(wait: Wait<void>, writer: PartWriter): void {
  writer.hold(wait);
}

/** Writes them, however many calls that takes; gives how many bytes that was. */
function writeAll(fd: number, chunks: Uint8Array[], position: number): number {
  let rest = chunks.filter((chunk) => chunk.length > 0);
  let total = 0;
  while (rest.length > 0) {
    const written = writevSync(fd, rest, position + total);
    total += written;
    rest = after(rest, written);
  }
  return total;
}

/** What is left of the chunks when so many bytes of them are written. */
function after(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      rest.push(left === 0 ? chunk : chunk.subarray(left));
      left = 0;
    }
  }
  return rest;
}
