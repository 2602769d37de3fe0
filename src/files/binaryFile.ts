/*
 * BinaryFile: a file of bytes.
 *
 * Strategy: all of it is in `BufferedFile`; here are Python's names and their checks. What can be answered from what was
 * read ahead costs one promise.
 */
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { BinaryLines } from "./binaryLines.ts";
import type { BufferedFile } from "./bufferedFile.ts";
import { linePartOf } from "./bufferedLine.ts";
import type { IOBase, Whence } from "./ioBase.ts";
import { LineFile } from "./lineFile.ts";
import { fillToEnd } from "./readToEnd.ts";

/**
 * A file of bytes, as `open` gives it for a mode with `"b"` (`io.BufferedReader`, `BufferedWriter`, `BufferedRandom`).
 *
 * Bytes that are read are views of what was read ahead, not copies. What is written is gathered, and on its way in that
 * order after `flush` or `close`. `for await` gives the lines, each with its `"\n"`; leaving the loop loses none.
 *
 * **Cancellation:** a call of the system that runs is waited for. A cancelled read takes nothing, a cancelled write is
 * either not done or done in whole, at the latest by `close`.
 *
 * @example
 * ```ts
 * import { open } from "ambit/files";
 *
 * await using file = await open("package.json", "rb");
 * String(await file.read(1)); // => "{"
 * await file.tell(); // => 1
 * ```
 */
export class BinaryFile extends LineFile<Buffer, Uint8Array> {
  /** @internal */
  constructor(buffered: BufferedFile, maxLineLength = Infinity, owner: IOBase | null = null) {
    super(buffered, new BinaryLines(buffered, maxLineLength), owner);
  }

  /**
   * Reads `count` bytes, fewer only at the end of the file; without a count, or with -1, to the end. An empty buffer
   * means the end.
   *
   * **Cancellation:** takes nothing.
   *
   * @param count an integer
   * @throws {@link FileError} what the system reports
   * @throws {@link UnsupportedOperationError} when the file was not opened to be read
   * @throws {@link ClosedFileError} when it was closed
   */
  read(count = -1): Promise<Buffer> {
    expectInteger("count", count, -1);
    if (count < 0) return this.readall();
    const { buffered } = this;
    buffered.expectReadable("read");
    const { ahead } = buffered;
    if (buffered.clear && ahead.available >= count) return Promise.resolve(ahead.take(count));
    return buffered.inTurnToRead("read", async () => {
      await ahead.fill(count);
      return ahead.take(Math.min(count, ahead.available));
    });
  }

  /**
   * Reads up to `count` bytes with one call of the system at most, and none when bytes were read ahead. Otherwise like
   * {@link BinaryFile.read}.
   *
   * @param count an integer; default: what comes
   */
  read1(count = -1): Promise<Buffer> {
    expectInteger("count", count, -1);
    const { buffered } = this;
    buffered.expectReadable("read1");
    const { ahead } = buffered;
    return buffered.inTurnToRead("read1", async () => {
      if (ahead.available === 0 && count !== 0) await ahead.fill(1);
      const here = ahead.available;
      return ahead.take(count < 0 ? here : Math.min(count, here));
    });
  }

  /** Reads to the end of the file. Otherwise like {@link BinaryFile.read}. */
  readall(): Promise<Buffer> {
    const { buffered } = this;
    buffered.expectReadable("read");
    const { ahead } = buffered;
    return buffered.inTurnToRead("read", async () => {
      await fillToEnd(buffered.raw, ahead);
      return ahead.take(ahead.available);
    });
  }

  /**
   * Reads into a buffer, and fills it unless the file ends before. Otherwise like {@link BinaryFile.read}.
   * @returns how many bytes; 0 means the end
   */
  readinto(target: Uint8Array): Promise<number> {
    if (!(target instanceof Uint8Array)) throw wrongType("target", "a Uint8Array", target);
    const { buffered } = this;
    buffered.expectReadable("readinto");
    const { ahead } = buffered;
    return buffered.inTurnToRead("readinto", async () => {
      await ahead.fill(target.length);
      const bytes = ahead.take(Math.min(target.length, ahead.available));
      target.set(bytes);
      return bytes.length;
    });
  }

  /**
   * What comes next, without taking it: what was read ahead, or else what one call of the system gives.
   * @param count bytes that are wanted, an integer; there may be more or fewer. Default 1
   */
  peek(count = 1): Promise<Buffer> {
    expectInteger("count", count, 0);
    const { buffered } = this;
    buffered.expectReadable("peek");
    const { ahead } = buffered;
    return buffered.inTurnToRead("peek", async () => {
      if (ahead.available === 0) await ahead.fill(1);
      ahead.lend();
      return ahead.look();
    });
  }

  /**
   * Reads a line, its `"\n"` included; an empty buffer at the end.
   *
   * **Cancellation:** takes nothing.
   *
   * @param limit reads so many bytes of the line at most; an integer, default -1 for all of it
   * @throws {@link LimitOverrunError} when the line is longer than `maxLineLength`; nothing is taken
   * @throws as {@link BinaryFile.read} does
   */
  override readline(limit = -1): Promise<Buffer> {
    expectInteger("limit", limit, -1);
    const { buffered } = this;
    buffered.expectReadable("readline");
    const { ahead } = buffered;
    if (limit >= 0) return buffered.inTurnToRead("readline", () => linePartOf(ahead, limit));
    const line = this.lines.lineHere();
    if (line !== null) return Promise.resolve(line);
    return this.lines.line().then(orEmpty);
  }

  /**
   * Writes bytes: gathers them, and waits for the system when there are enough. Until it is done they must not be altered.
   *
   * **Cancellation:** before its turn: nothing is written. After that all of it is, at the latest by `close`.
   *
   * @returns how many bytes: all
   * @throws {@link FileError} `ENOSPC`, `EIO` … for these bytes or others that were gathered before; those stay gathered,
   *   for the next attempt, and of these `tell` says how many were written
   * @throws {@link UnsupportedOperationError} when the file was not opened to be written
   * @throws {@link ClosedFileError} when it was closed
   */
  override write(data: Uint8Array): Promise<number> {
    if (!(data instanceof Uint8Array)) throw wrongType("data", "a Uint8Array", data);
    const { buffered } = this;
    buffered.expectWritable("write");
    if (buffered.idle && buffered.fits(data.length)) {
      buffered.gather(data);
      return Promise.resolve(data.length);
    }
    return buffered.inTurn("write", async () => {
      await buffered.write(data);
      return data.length;
    });
  }

  /**
   * Goes to a position.
   *
   * @param offset bytes, an integer
   * @param whence from where it counts. Default 0, the start
   * @returns the position
   * @throws RangeError when that is before the start
   * @throws {@link UnsupportedOperationError} when the file has no positions
   * @throws {@link FileError} when what was gathered can't be written
   */
  seek(offset: number, whence: Whence = 0): Promise<number> {
    expectInteger("offset", offset, whence === 0 ? 0 : Number.MIN_SAFE_INTEGER);
    if (whence !== 0 && whence !== 1 && whence !== 2)
      throw outOfRange("whence", "0, 1 or 2", whence);
    const { buffered } = this;
    buffered.expectSeekable("seek");
    return buffered.inTurn("seek", async () => {
      const base = whence === 0 ? 0 : whence === 1 ? await buffered.tell() : await buffered.size();
      if (base + offset < 0) throw outOfRange("offset", `at least ${-base}`, offset);
      await buffered.seek(base + offset);
      return base + offset;
    });
  }

  /**
   * The position: how many bytes are before it.
   * @throws {@link UnsupportedOperationError} when the file has no positions
   */
  tell(): Promise<number> {
    const { buffered } = this;
    buffered.expectSeekable("tell");
    return buffered.inTurn("tell", () => buffered.tell());
  }

  /** @internal */
  protected override lengthOf(line: Buffer): number {
    return line.length;
  }
}

function orEmpty(line: Buffer | null): Buffer {
  return line ?? Buffer.alloc(0);
}
