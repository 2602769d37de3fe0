/*
 * The bytes of a file, piece by piece.
 *
 * Strategy: a bare descriptor, opened at the first piece and closed with the last; each read has a
 * position of its own. A read cannot be taken back from the system: one that is given up goes on, and
 * the descriptor is closed when it has come back, which `close` waits for.
 * Limits: opening a named pipe waits for its writer in a thread of Node's pool.
 */
import { close, open, read } from "node:fs";
import { suspend } from "../core/suspend.ts";
import { BodyChunks } from "./bodyChunks.ts";
import { BodyLengthError } from "./measuredChunks.ts";

/** Bytes per read: fewer cost more turns of the loop, more cost memory per upload. */
const PIECE = 131_072;

/** @internal */
export class FileChunks extends BodyChunks {
  readonly #path: string;
  /** Where to begin; null for what has no positions, such as a pipe. */
  #position: number | null;
  /** Bytes still to come; Infinity for up to the end. */
  #left: number;
  readonly #length: number;
  /** Whether the file has to end where they do. */
  readonly #toEnd: boolean;
  #descriptor: number | null = null;
  /** Pending work of the system's on the descriptor. */
  #busy: Promise<void> = Promise.resolve();

  constructor(path: string, position: number | null, length: number | null, toEnd: boolean) {
    super();
    this.#path = path;
    this.#position = position;
    this.#length = this.#left = length ?? Infinity;
    this.#toEnd = toEnd;
  }

  protected async read(): Promise<Uint8Array | null> {
    if (this.#descriptor === null) await this.#open();
    if (this.#left === 0) return null;
    const piece = Buffer.allocUnsafe(Math.min(this.#left, PIECE));
    const count = await this.#read(piece);
    if (count === 0) return this.#left === Infinity ? null : this.#mismatch("ends before");
    this.#left -= count;
    if (this.#position !== null) this.#position += count;
    // Before the last piece goes out: with it, the server would take the body for complete.
    if (this.#left === 0 && this.#toEnd) await this.#expectEnd();
    return piece.subarray(0, count);
  }

  async #expectEnd(): Promise<void> {
    if ((await this.#read(Buffer.allocUnsafe(1))) > 0) this.#mismatch("has grown beyond");
  }

  #mismatch(words: string): never {
    throw new BodyLengthError(`the file ${this.#path} ${words} the ${this.#length} bytes it had`);
  }

  #open(): Promise<void> {
    return this.#ask<number>("open", (done) => {
      open(this.#path, "r", (error, descriptor) => {
        if (error === null) this.#descriptor = descriptor;
        done(error, descriptor);
      });
    }).then(() => undefined);
  }

  #read(piece: Buffer): Promise<number> {
    return this.#ask("read", (done) => {
      read(this.#descriptor as number, piece, 0, piece.length, this.#position, done);
    });
  }

  /** Waits for the system to do something; a cancel ends the wait, but not what it does. */
  #ask<T>(
    what: string,
    begin: (done: (error: Error | null, value: T) => void) => void,
  ): Promise<T> {
    return suspend<T>(
      (wait) => {
        this.#busy = new Promise((free) => {
          begin((error, value) => {
            free();
            if (error === null) wait.resolve(value);
            else wait.reject(error);
          });
        });
      },
      undefined,
      `${what} ${this.#path}`,
    );
  }

  protected async close(): Promise<void> {
    await this.#busy;
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    if (descriptor !== null) await new Promise((closed) => close(descriptor, closed));
  }
}
