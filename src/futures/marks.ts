/*
 * The marks of a child process, in a file that it and its pool have open and nobody else can: it was unlinked at once.
 *
 * Strategy: what the child has written is the kernel's, and outlives a `kill -9`; a positional write or read of a few
 * bytes costs about a microsecond and never touches a disk. In memory (`/dev/shm`) where there is that.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The numbers of the file: what the child writes, side by side, then what the pool writes. */
const RUNNING = 0;
const BEGUN = 1;
const STOPPING = 2;
const SIZE = 3;
const BYTES = 4;
/** Behind the numbers: the number of the picture that was asked for, its length, and its text. */
const PICTURE = SIZE * BYTES;
const TEXT = PICTURE + 2 * BYTES;

/** Over an open descriptor. @internal */
export class Marks {
  readonly fd: number;
  readonly #numbers = new Int32Array(SIZE);
  #closed = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** In the child: a call begins. */
  begin(id: number): void {
    this.#numbers[RUNNING] = id;
    (this.#numbers[BEGUN] as number)++;
    writeSync(this.fd, this.#numbers, 0, 2 * BYTES, 0);
  }

  /** In the child: the id of the call that is asked to stop; 0 for none. */
  wanted(): number {
    readSync(this.fd, this.#numbers, STOPPING * BYTES, BYTES, STOPPING * BYTES);
    return this.#numbers[STOPPING] as number;
  }

  /** In the child: a picture that was asked for. Its number is written last. */
  show(number: number, text: string): void {
    const bytes = Buffer.from(text);
    writeSync(this.fd, bytes, 0, bytes.length, TEXT);
    writeSync(this.fd, Int32Array.of(number, bytes.length), 0, 2 * BYTES, PICTURE);
  }

  /** In the pool: the picture of that number; null when the child has not shown it. */
  shown(number: number): string | null {
    if (this.#closed) return null;
    const head = new Int32Array(2);
    readSync(this.fd, head, 0, 2 * BYTES, PICTURE);
    const [latest, length = 0] = head;
    if (latest !== number) return null;
    const text = Buffer.alloc(length);
    readSync(this.fd, text, 0, length, TEXT);
    return text.toString();
  }

  /** In the pool: what the child has marked; after `close`, what it had marked last. */
  read(): { readonly running: number; readonly begun: number } {
    if (!this.#closed) readSync(this.fd, this.#numbers, 0, 2 * BYTES, 0);
    return { running: this.#numbers[RUNNING] as number, begun: this.#numbers[BEGUN] as number };
  }

  /** In the pool: the call that was asked to stop last. */
  get stopping(): number {
    return this.#numbers[STOPPING] as number;
  }

  /** In the pool: the call that is to stop. */
  ask(id: number): void {
    this.#numbers[STOPPING] = id;
    if (!this.#closed) writeSync(this.fd, this.#numbers, STOPPING * BYTES, BYTES, STOPPING * BYTES);
  }

  /** In the pool, once the child is gone. */
  close(): void {
    if (this.#closed) return;
    this.read();
    this.#closed = true;
    closeSync(this.fd);
  }
}

/** @internal */
export function makeMarks(): Marks {
  const fd = openUnlinked("/dev/shm") ?? openUnlinked(tmpdir(), true);
  writeSync(fd as number, new Int32Array(SIZE));
  return new Marks(fd as number);
}

/** @param must throws when it cannot be made there */
function openUnlinked(folder: string, must = false): number | undefined {
  const path = join(folder, `ambit-${crypto.randomUUID()}`);
  try {
    const fd = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    return fd;
  } catch (error) {
    if (must) throw error;
    return undefined;
  }
}
