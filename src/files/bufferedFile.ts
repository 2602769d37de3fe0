/*
 * BufferedFile: bytes on their way between a program and a file (Python's `io.BufferedRandom`).
 *
 * Strategy: the position that the program sees is kept here, and the system is told it with every call. Read is ahead of
 * it, written behind it. What was read stays in its buffer until a read can be answered in full, and what was given to
 * write is taken in whole, so a cancel between two calls of the system loses nothing and doubles nothing.
 * One operation at a time has the file; others line up and get it in the order in which they came. What needs no call of
 * the system and finds no line is done at once.
 * Limits: a file without positions (a pipe) is read and written independently. In a file opened for appending, the
 * position after a write is the end of the file, whoever appended.
 */
import { isCancelled } from "../core/errors.ts";
import { ambientScope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { Lock } from "../sync/lock.ts";
import { ClosedFileError } from "./errors.ts";
import type { ModeRules } from "./mode.ts";
import type { RawFile } from "./rawFile.ts";
import { MOST, ReadBuffer } from "./readBuffer.ts";
import { unsupported } from "./unsupported.ts";
import { WriteBuffer } from "./writeBuffer.ts";

/** @internal */
export class BufferedFile {
  readonly raw: RawFile;
  readonly rules: ModeRules;
  /** What was read ahead, and where the program is; what was gathered to be written ends there. */
  readonly ahead: ReadBuffer;
  readonly #gathered: WriteBuffer;
  readonly #turn = new Lock();
  #closed = false;
  /** Something was appended since: the position is the end of the file, wherever that is. */
  #atEnd = false;

  /** @param size bytes to read ahead and to gather, 0 for neither */
  constructor(raw: RawFile, rules: ModeRules, size: number, position: number) {
    this.raw = raw;
    this.rules = rules;
    this.ahead = new ReadBuffer(raw, size, position);
    this.#gathered = new WriteBuffer(size);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether nobody has the file, so that what needs no call can be done at once. */
  get idle(): boolean {
    return !this.#turn.locked() && !this.#closed;
  }

  /** Whether, besides, nothing has to be written before it is read. */
  get clear(): boolean {
    return this.idle && this.#gathered.size === 0 && !this.#atEnd;
  }

  /** Runs an operation of several calls when its turn has come. */
  inTurn<T>(operation: string, body: () => Promise<T>): Promise<T> {
    this.expectOpen(operation);
    return this.#turn.run(() => {
      this.expectOpen(operation);
      return body();
    });
  }

  /** The same, for one that reads; what was written before is in the file then. */
  inTurnToRead<T>(operation: string, body: () => Promise<T>): Promise<T> {
    return this.inTurn(operation, async () => {
      await this.#beforeReading();
      return await body();
    });
  }

  /** @throws {@link ClosedFileError} */
  expectOpen(operation: string): void {
    if (!this.#closed) return;
    throw new ClosedFileError(`${operation} on '${this.raw.name}', which was closed`);
  }

  expectReadable(operation: string): void {
    this.expectOpen(operation);
    if (!this.rules.readable) throw unsupported(this, operation, "was not opened to be read");
  }

  expectWritable(operation: string): void {
    this.expectOpen(operation);
    if (!this.rules.writable) throw unsupported(this, operation, "was not opened to be written");
  }

  expectSeekable(operation: string): void {
    this.expectOpen(operation);
    if (!this.raw.seekable) throw unsupported(this, operation, "has no positions");
  }

  // In turn, from here on.

  async #beforeReading(): Promise<void> {
    if (!this.raw.seekable) return;
    if (this.#gathered.size > 0) await this.flush();
    await this.#findEnd();
  }

  /** Whether so many bytes can be written without a call of the system. */
  fits(count: number): boolean {
    return this.#gathered.fits(count);
  }

  /** Writes bytes that fit. */
  gather(bytes: Uint8Array): void {
    this.#beforeGathering();
    this.#gathered.gather(bytes);
    this.ahead.position += bytes.length;
  }

  /** Writes text in UTF-8, if three bytes for each of its units fit. */
  gatherText(text: string): void {
    this.#beforeGathering();
    this.ahead.position += this.#gathered.gatherText(text);
  }

  #beforeGathering(): void {
    if (this.#gathered.size > 0) return;
    if (this.raw.seekable) this.ahead.forget();
    this.raw.gathering?.(this);
  }

  /**
   * Writes bytes after those that were gathered. Cancelled between two calls, it keeps the rest for the next flush: what
   * was taken is written in whole. An error leaves the rest to the caller.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.fits(bytes.length)) await this.flush();
    if (this.fits(bytes.length)) this.gather(bytes);
    else await this.#writeThrough(bytes);
  }

  async #writeThrough(bytes: Uint8Array): Promise<void> {
    if (this.raw.seekable) this.ahead.forget();
    let written = 0;
    try {
      while (written < bytes.length) {
        const length = Math.min(bytes.length - written, MOST);
        const count = await this.#writeOnce(bytes, written, length, this.ahead.position);
        written += count;
        this.ahead.position += count;
      }
    } catch (error) {
      if (isCancelled(error)) {
        this.#gathered.keep(bytes.subarray(written));
        this.ahead.position += bytes.length - written;
      }
      throw error;
    }
    await this.raw.settle?.();
  }

  /** Writes what was gathered. What is not written yet when it fails or is cancelled stays gathered. */
  async flush(): Promise<void> {
    const from = this.ahead.position - this.#gathered.size;
    await this.#gathered.flush((bytes, offset, length) =>
      this.#writeOnce(bytes, offset, length, from + offset),
    );
    await this.raw.settle?.();
  }

  async #writeOnce(bytes: Uint8Array, offset: number, length: number, at: number): Promise<number> {
    const { raw, rules } = this;
    const position = raw.seekable && !rules.appending ? at : null;
    const count = await raw.write(bytes, offset, length, position);
    if (rules.appending && raw.seekable) this.#atEnd = true;
    return count;
  }

  async tell(): Promise<number> {
    if (this.rules.appending) await this.flush();
    await this.#findEnd();
    return this.ahead.position;
  }

  async #findEnd(): Promise<void> {
    if (!this.#atEnd) return;
    this.ahead.position = await this.raw.size();
    this.#atEnd = false;
  }

  /** Goes to a position of the file. */
  async seek(position: number): Promise<void> {
    await this.flush();
    this.#atEnd = false;
    this.ahead.moveTo(position);
  }

  async size(): Promise<number> {
    await this.flush();
    return this.raw.size();
  }

  async truncate(length: number): Promise<void> {
    await this.flush();
    await this.#findEnd();
    this.ahead.forget();
    await this.raw.truncate(length);
  }

  // From anywhere.

  /** Takes out what was gathered, for the end of the process: no turn will come any more. */
  takeGathered(): Buffer {
    return this.#gathered.takeAll();
  }

  /**
   * Writes what was gathered and closes the file, whatever comes in between. Only a pipe, which may take nothing for
   * ever, is not waited for by code that was cancelled. May be called again.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#lastFlush();
    } finally {
      await protect(() => this.#turn.run(() => this.#close()));
    }
  }

  async #lastFlush(): Promise<void> {
    const { raw } = this;
    if (raw.settle === undefined) return;
    raw.interrupt?.();
    if (!this.rules.writable || ambientScope().metCancels() > 0) return;
    await this.#turn.run(async () => {
      if (!this.#closed) await this.flush();
    });
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      if (this.raw.settle === undefined) await this.flush();
    } finally {
      this.#gathered.takeAll();
      await this.ahead.settle();
      this.ahead.forget();
      await this.raw.close();
    }
  }
}
