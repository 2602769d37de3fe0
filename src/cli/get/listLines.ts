/*
 * The lines of a list, from a file or from standard input, unpacked where they are packed.
 *
 * Strategy: pieces as they come from Node, cut into lines; nothing but the piece and the line that
 * is not whole yet is kept, and the next piece is asked for when the lines of the last one are
 * used. That a list is packed by gzip is told by its first two bytes, not by its name.
 */
import { constants, createReadStream, openSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { cancellable } from "../../core/cancellable.ts";
import { moveOnAfter } from "../../core/cancelScope.ts";
import { ListError } from "./listItem.ts";

/** A line longer than this is no line of a list, but a file of another kind. */
const LONGEST = 1024 * 1024;

/** No line has come for a while; what waits for the next one need not wait longer. */
export const IDLE: unique symbol = Symbol("idle");

/** Gives the lines of a list in pieces of many. */
export class ListLines {
  readonly #name: string;
  readonly #source: Readable;
  readonly #decoder = new TextDecoder();
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #next: Promise<IteratorResult<Uint8Array>> | undefined;
  #rest = "";
  #count = 0;

  /** @param name what the list is called in messages */
  constructor(name: string, source: Readable) {
    this.#name = name;
    this.#source = source;
  }

  /** A list in a file; it is opened when the first line is asked for. */
  static ofFile(path: string): ListLines {
    return new ListLines(path, isFifo(path) ? fifoStream(path) : createReadStream(path));
  }

  /**
   * The next lines, at least one; null at the end.
   *
   * **Cancellation:** nothing is lost; the next call gives what this one waited for.
   *
   * @param patience milliseconds after which it gives {@link IDLE} instead
   * @throws {@link ListError} when the list cannot be read, or is no text
   */
  async read(patience: number = Infinity): Promise<readonly string[] | null | typeof IDLE> {
    for (;;) {
      const chunk = await this.#chunk(patience);
      if (chunk === IDLE) return IDLE;
      if (chunk === null) return this.#lastLine();
      const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
      this.#rest = lines.pop() ?? "";
      if (this.#rest.length > LONGEST) throw this.#failure("it has a line longer than 1 MiB");
      this.#count += lines.length;
      if (lines.length > 0) return lines;
    }
  }

  /** Lets go of the file. */
  close(): void {
    this.#source.destroy();
  }

  #lastLine(): readonly string[] | null {
    const last = this.#rest + this.#decoder.decode();
    this.#rest = "";
    return last === "" ? null : [last];
  }

  async #chunk(patience: number): Promise<Uint8Array | null | typeof IDLE> {
    try {
      this.#next ??= this.#ask();
      const { value: result } = await moveOnAfter(patience, () => cancellable(this.#next!));
      if (result === undefined) return IDLE;
      this.#next = undefined;
      return result.done === true ? null : result.value;
    } catch (error) {
      throw this.#readable(error);
    }
  }

  async #ask(): Promise<IteratorResult<Uint8Array>> {
    this.#chunks ??= await unpacked(this.#source);
    return this.#chunks.next();
  }

  #readable(error: unknown): unknown {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return this.#failure("there is no such file");
    if (code === "EISDIR") return this.#failure("it is a folder");
    if (code === "EACCES") return this.#failure("permission denied");
    if (code === "Z_BUF_ERROR") return this.#failure("it is packed by gzip, and breaks off");
    if (code?.startsWith("Z_")) return this.#failure("it is packed by gzip, and damaged");
    return error;
  }

  #failure(words: string): ListError {
    const where = this.#count === 0 ? this.#name : `${this.#name}:${this.#count + 1}`;
    return new ListError(where, words);
  }
}

/** The pieces of a stream, through gunzip if they are packed. */
async function unpacked(source: Readable): Promise<AsyncIterator<Uint8Array>> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  const begin: Uint8Array[] = [];
  let head = new Uint8Array();
  while (head.length < 2) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    begin.push(value);
    head = Buffer.concat([head, value.subarray(0, 2)]);
  }
  const whole = joined(begin, chunks);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return whole;
  const gunzip = createGunzip();
  // Errors come out of the iterator; the callback only has to be there.
  pipeline(Readable.from(whole, { objectMode: false }), gunzip, () => {});
  return gunzip[Symbol.asyncIterator]();
}

async function* joined(
  begin: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  yield* begin;
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return undefined;
    yield value;
  }
}

/** Where only Linux is known to wait for a FIFO's first writer without blocking a thread. */
function isFifo(path: string): boolean {
  return (
    process.platform === "linux" && statSync(path, { throwIfNoEntry: false })?.isFIFO() === true
  );
}

/** A FIFO, read as a pipe is: a read of a file that waits would hold up the end of the process. */
function fifoStream(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
