/*
 * LineFile: what files of bytes and of text have in common besides what every open file has: lines, and a length.
 */
import { expectInteger } from "../core/arguments.ts";
import type { BufferedFile } from "./bufferedFile.ts";
import { IOBase } from "./ioBase.ts";
import { BatchIterator, LineIterator, type LineSource } from "./lineIterator.ts";
import { writeAll } from "./writeAll.ts";

/** A file that consists of lines: {@link BinaryFile} or {@link TextFile}. */
export abstract class LineFile<Line, Data = Line> extends IOBase implements AsyncIterable<Line> {
  /** @internal */
  protected readonly lines: LineSource<Line>;

  /** @internal */
  constructor(buffered: BufferedFile, lines: LineSource<Line>, owner: IOBase | null = null) {
    super(buffered, owner);
    this.lines = lines;
  }

  /** Reads a line, its end included; an empty one at the end of the file. */
  abstract readline(limit?: number): Promise<Line>;
  /** Writes, and gives how much: all. */
  abstract write(data: Data): Promise<number>;
  /** In bytes or characters. @internal */
  protected abstract lengthOf(line: Line): number;

  /**
   * Reads lines into a list: all, or only until they have more than `hint` bytes or, of text, characters.
   *
   * **Cancellation:** the lines that were read are lost; for large files there is `for await`.
   *
   * @param hint an integer; 0 or less, the default, for all lines. It reads no line more
   */
  async readlines(hint = -1): Promise<Line[]> {
    expectInteger("hint", hint, -1);
    this.buffered.expectReadable("readlines");
    const lines: Line[] = [];
    const enough = hint > 0 ? hint : Infinity;
    for (let length = 0; length <= enough;) {
      const line = await this.readline();
      const more = this.lengthOf(line);
      if (more === 0) break;
      lines.push(line);
      length += more;
    }
    return lines;
  }

  /** The lines, each with its end. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Line, undefined> {
    this.buffered.expectReadable("for await");
    return new LineIterator(this.lines, this);
  }

  /**
   * The lines in batches of those that are there at once, of about 32 KiB: several times as fast as one by one.
   *
   * **Cancellation:** takes nothing.
   *
   * @example
   * ```ts
   * import { open } from "ambit/files";
   *
   * await using file = await open("package.json");
   * let count = 0;
   * for await (const lines of file.batches()) count += lines.length;
   * count > 10; // => true
   * ```
   */
  batches(): AsyncIterableIterator<Line[], undefined> {
    this.buffered.expectReadable("batches");
    return new BatchIterator(this.lines, this);
  }

  /**
   * Writes one after the other; puts nothing between them.
   *
   * **Cancellation:** between two of them, or as `write` has it.
   *
   * @throws as `write` does
   */
  writelines(lines: Iterable<Data> | AsyncIterable<Data>): Promise<void> {
    return writeAll(this, lines);
  }

  /**
   * Cuts the file to a length, or fills it up with zeros; the position stays.
   *
   * **Cancellation:** the call that runs is waited for.
   *
   * @param length bytes, an integer; default: up to the position
   * @returns the length
   * @throws {@link UnsupportedOperationError} when the file was not opened to be written, or has no positions
   * @throws {@link FileError} what the system reports
   */
  truncate(length?: number): Promise<number> {
    if (length !== undefined) expectInteger("length", length, 0);
    const { buffered } = this;
    buffered.expectWritable("truncate");
    buffered.expectSeekable("truncate");
    return buffered.inTurn("truncate", async () => {
      this.beforeTruncating();
      const size = length ?? (await buffered.tell());
      await buffered.truncate(size);
      return size;
    });
  }

  /** Gives the buffered file the position of what the program has read. @internal */
  protected beforeTruncating(): void {}
}
