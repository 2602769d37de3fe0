/*
 * The lines of a file and where they begin, read a piece at a time.
 *
 * A last line without its end is none: it was torn.
 */
import { readSync } from "node:fs";

const PIECE = 256 * 1024;

/** @internal */
export interface Line {
  readonly position: number;
  readonly text: string;
}

/** @internal */
export class JournalLines implements Iterable<Line> {
  /** Where the last whole line ends. */
  end: number;
  readonly #fd: number;

  constructor(fd: number, from: number) {
    this.#fd = fd;
    this.end = from;
  }

  *[Symbol.iterator](): Generator<Line, void, undefined> {
    let buffer = Buffer.allocUnsafe(PIECE);
    for (;;) {
      const size = readSync(this.#fd, buffer, 0, buffer.length, this.end);
      let at = 0;
      for (let end = endOf(buffer, at, size); end !== -1; end = endOf(buffer, at, size)) {
        const position = this.end;
        const text = buffer.toString("utf8", at, end);
        this.end += end + 1 - at;
        at = end + 1;
        yield { position, text };
      }
      if (size < buffer.length) return;
      // Not one end of a line in all of it.
      if (at === 0) buffer = Buffer.allocUnsafe(buffer.length * 2);
    }
  }
}

function endOf(buffer: Buffer, from: number, size: number): number {
  const end = buffer.indexOf(10, from);
  return end < size ? end : -1;
}
