/*
 * StreamRaw: a pipe, a terminal or a socket as a file, over a stream of Node's.
 *
 * Strategy: what may take for ever is no call in a thread, where nothing could end it, but an event: a read asks the
 * stream for one chunk and holds it back again, so that no more is taken than was asked for, a process that waits for
 * nothing can end, and a cancelled read leaves what comes to the next. A write is taken by Node in whole, once there is
 * room; `settle` waits until the system has it.
 */
import type { Readable, Writable } from "node:stream";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { ClosedFileError, fileError, UnsupportedOperationError } from "./errors.ts";
import type { RawFile } from "./rawFile.ts";

/** The two directions, as far as there are any. @internal */
export interface StreamEnds {
  readonly readable: Readable | null;
  readonly writable: Writable | null;
}

/** Sockets and terminals can be told whether the process is to wait for them. */
interface Holding extends Readable {
  ref?(): void;
  unref?(): void;
}

/** @internal */
export class StreamRaw implements RawFile {
  readonly name: string;
  readonly fd: number;
  readonly seekable = false;
  readonly #tty: boolean;
  readonly #readable: Readable | null;
  readonly #writable: Writable | null;
  /** What came and was not taken. */
  readonly #chunks: Buffer[] = [];
  #ended = false;
  #interrupted = false;
  #error: Error | null = null;
  #reading: Wait<void> | null = null;
  #writing: Wait<void> | null = null;

  constructor(name: string, fd: number, tty: boolean, { readable, writable }: StreamEnds) {
    this.name = name;
    this.fd = fd;
    this.#tty = tty;
    this.#readable = readable;
    this.#writable = writable;
    if (readable !== null) this.#watchReadable(readable);
    if (writable !== null) this.#watchWritable(writable);
  }

  #watchReadable(readable: Readable): void {
    this.#hold();
    readable.on("data", (chunk: Buffer | string) => {
      this.#hold();
      this.#chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      this.#wakeReader();
    });
    const onEnd = (): void => {
      this.#ended = true;
      this.#wakeReader();
    };
    readable.on("end", onEnd);
    readable.on("close", onEnd);
    readable.on("error", (error) => this.#fail(error));
  }

  #watchWritable(writable: Writable): void {
    writable.on("drain", () => this.#wakeWriter());
    writable.on("error", (error) => this.#fail(error));
    writable.on("close", () => this.#wakeWriter());
  }

  #fail(error: Error): void {
    this.#error = error;
    this.#wakeReader();
    this.#wakeWriter();
  }

  #wakeReader(): void {
    const wait = this.#reading;
    this.#reading = null;
    wait?.resolve();
  }

  #wakeWriter(): void {
    const wait = this.#writing;
    this.#writing = null;
    wait?.resolve();
  }

  /** **Cancellation:** what comes later is for the next read. */
  async read(buffer: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#chunks.length === 0) {
      if (this.#interrupted) throw new ClosedFileError(`read on '${this.name}', which was closed`);
      this.#expectSound("read");
      if (this.#ended || this.#readable === null) return 0;
      await suspend<void, this>(waitToRead, this, `read ${this.name}`);
    }
    const chunk = this.#chunks[0] as Buffer;
    const count = Math.min(length, chunk.length);
    buffer.set(chunk.subarray(0, count), offset);
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    return count;
  }

  /** @internal */
  beginReading(wait: Wait<void>): void {
    this.#reading = wait;
    const readable = this.#readable as Holding;
    readable.ref?.();
    readable.resume();
  }

  /** @internal */
  endReading(): void {
    this.#reading = null;
    this.#hold();
  }

  /** Takes no more, and does not keep the process from ending. */
  #hold(): void {
    const readable = this.#readable as Holding;
    readable.pause();
    readable.unref?.();
  }

  /** **Cancellation:** before there is room: nothing is written. */
  async write(buffer: Uint8Array, offset: number, length: number): Promise<number> {
    const writable = this.#writable as Writable;
    while (writable.writableNeedDrain && this.#sound) await this.#writer("write");
    this.#expectSound("write");
    // A copy: the buffer is used again before the system has taken the bytes.
    const bytes = Buffer.from(buffer.subarray(offset, offset + length));
    writable.write(bytes, () => this.#wakeWriter());
    return bytes.length;
  }

  /** Waits until the system has all that was written. **Cancellation:** Node goes on writing. */
  async settle(): Promise<void> {
    const writable = this.#writable;
    if (writable === null) return;
    while (writable.writableLength > 0 && this.#sound) await this.#writer("flush");
    this.#expectSound("write");
  }

  #writer(operation: string): Promise<void> {
    return suspend<void, this>(waitToWrite, this, `${operation} ${this.name}`);
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return true;
  }

  /** @internal */
  holdWriter(wait: Wait<void> | null): void {
    this.#writing = wait;
  }

  get #sound(): boolean {
    return this.#error === null && this.#writable?.destroyed !== true;
  }

  #expectSound(operation: string): void {
    if (this.#error !== null) throw fileError(operation, this.name, this.#error);
  }

  /** Lets go who waits to read; who waits to write is awaited. */
  interrupt(): void {
    this.#interrupted = true;
    this.#wakeReader();
  }

  size(): Promise<number> {
    return Promise.resolve(0);
  }

  truncate(): never {
    throw new UnsupportedOperationError(`truncate on '${this.name}', which has no positions`);
  }

  /** There is nothing to be synced. */
  sync(): Promise<void> {
    return this.settle();
  }

  /** At once: what the system has not taken is dropped. */
  async close(): Promise<void> {
    await this.#destroy(this.#readable);
    await this.#destroy(this.#writable);
  }

  async #destroy(stream: Readable | Writable | null): Promise<void> {
    if (stream === null || stream.closed) return;
    await suspend<void>((wait) => {
      stream.once("close", () => wait.resolve());
      stream.destroy();
    });
  }

  isatty(): boolean {
    return this.#tty;
  }
}

function waitToRead(wait: Wait<void>, raw: StreamRaw): () => void {
  raw.beginReading(wait);
  return () => raw.endReading();
}

function waitToWrite(wait: Wait<void>, raw: StreamRaw): () => void {
  raw.holdWriter(wait);
  return () => raw.holdWriter(null);
}
