/*
 * TextFile: a file of text.
 *
 * Strategy: `TextReader` and `TextWriter` over one `BufferedFile`; here are Python's names and their checks. What is
 * decoded already costs one promise.
 */
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { BinaryFile } from "./binaryFile.ts";
import type { BufferedFile } from "./bufferedFile.ts";
import type { UnicodeErrors } from "./codec.ts";
import type { Encoding } from "./encoding.ts";
import { UnsupportedOperationError } from "./errors.ts";
import type { Whence } from "./ioBase.ts";
import { LineFile } from "./lineFile.ts";
import type { Newlines } from "./newlines.ts";
import { TextLines } from "./textLines.ts";
import { lengthOf, TextReader } from "./textReader.ts";
import { TextWriter } from "./textWriter.ts";

/** How text is read and written. @internal */
export interface TextFileRules {
  readonly encoding: Encoding;
  readonly errors: UnicodeErrors;
  readonly newlines: Newlines;
  readonly byLines: boolean;
  readonly maxLineLength: number;
}

/**
 * A file of text, as `open` gives it for a mode without `"b"` (`io.TextIOWrapper`).
 *
 * Positions are those of the text, also where reading and writing alternate. A character of two UTF-16 units counts once
 * and is never cut. `for await` gives the lines, each with its end; leaving the loop loses none.
 *
 * **Cancellation:** a call of the system that runs is waited for. A cancelled read takes nothing, a cancelled write is
 * either not done or done in whole, at the latest by `close`.
 *
 * @example
 * ```ts
 * import { open } from "ambit/files";
 *
 * await using file = await open("package.json");
 * await file.readline(); // => "{\n"
 * (await file.read(8)).trim(); // => '"name"'
 * ```
 */
export class TextFile extends LineFile<string> {
  /** How its text is encoded, as Python calls it: `"utf-8"`, `"utf-16"`, `"latin-1"`. */
  readonly encoding: string;
  /** What is done about what can't be decoded or encoded. */
  readonly errors: UnicodeErrors;
  readonly #newlines: Newlines;
  readonly #maxLineLength: number;
  readonly #reader: TextReader;
  readonly #writer: TextWriter;
  #bytes: BinaryFile | null = null;

  /** @internal */
  constructor(buffered: BufferedFile, rules: TextFileRules) {
    const { encoding, errors, newlines, maxLineLength } = rules;
    const reader = new TextReader(buffered, { encoding, errors, newlines, maxLineLength });
    super(buffered, new TextLines(buffered, reader));
    this.#maxLineLength = maxLineLength;
    this.encoding = encoding.name;
    this.errors = errors;
    this.#newlines = newlines;
    this.#reader = reader;
    this.#writer = new TextWriter(buffered, this.#reader, rules);
  }

  /**
   * The ends of lines that were met so far, where `newline` is `null` or `""`: null for none, one, or a list of several.
   */
  get newlines(): string | readonly string[] | null {
    return this.#newlines.met;
  }

  /**
   * The file as bytes (`TextIOWrapper.buffer`), from where the text is. Both have one position: text that is read after
   * bytes goes on behind them. Ask for it again when text was read in between.
   *
   * @example
   * ```ts
   * import { open } from "ambit/files";
   *
   * await using file = await open("package.json");
   * await file.readline();
   * String(await file.buffer.read(8)); // => '  "name"'
   * await file.read(2); // => ": "
   * ```
   */
  get buffer(): BinaryFile {
    if (this.buffered.idle) this.#reader.putBack();
    return (this.#bytes ??= new BinaryFile(this.buffered, this.#maxLineLength, this));
  }

  /**
   * Reads `count` characters, fewer only at the end of the file; without a count, or with -1, to the end. An empty text
   * means the end.
   *
   * **Cancellation:** takes nothing.
   *
   * @param count an integer
   * @throws {@link UnicodeDecodeError} when there are bytes that mean nothing, unless `errors` allows for them; nothing is
   *   taken
   * @throws {@link FileError} what the system reports
   * @throws {@link UnsupportedOperationError} when the file was not opened to be read
   * @throws {@link ClosedFileError} when it was closed
   */
  read(count = -1): Promise<string> {
    expectInteger("count", count, -1);
    const { buffered } = this;
    const reader = this.#reader;
    buffered.expectReadable("read");
    if (count < 0) return buffered.inTurnToRead("read", () => reader.readAll());
    const text = buffered.idle ? reader.textHere(count) : null;
    if (text !== null) return Promise.resolve(text);
    return buffered.inTurnToRead("read", () => reader.read(count, false));
  }

  /**
   * Reads a line, its end included; an empty text at the end of the file.
   *
   * **Cancellation:** takes nothing.
   *
   * @param limit reads so many characters of the line at most; an integer, default -1 for all of it
   * @throws {@link LimitOverrunError} when the line is longer than `maxLineLength`; nothing is taken
   * @throws as {@link TextFile.read} does
   */
  override readline(limit = -1): Promise<string> {
    expectInteger("limit", limit, -1);
    const { buffered } = this;
    buffered.expectReadable("readline");
    if (limit >= 0) return buffered.inTurnToRead("readline", () => this.#reader.read(limit, true));
    const line = this.lines.lineHere();
    if (line !== null) return Promise.resolve(line);
    return buffered.inTurnToRead("readline", () => this.#reader.line());
  }

  /**
   * Writes text: encodes and gathers it, and waits for the system when there is enough.
   *
   * **Cancellation:** before its turn: nothing is written. After that all of it is, at the latest by `close`.
   *
   * @returns how many characters: all
   * @throws {@link UnicodeEncodeError} when the encoding has not all of its characters, unless `errors` allows for that;
   *   nothing is written then
   * @throws {@link FileError} `ENOSPC`, `EIO` … for this text or what was gathered before; that stays gathered, for the
   *   next attempt
   * @throws {@link UnsupportedOperationError} when the file was not opened to be written
   * @throws {@link ClosedFileError} when it was closed
   */
  override write(text: string): Promise<number> {
    if (typeof text !== "string") throw wrongType("text", "a string", text);
    const { buffered } = this;
    buffered.expectWritable("write");
    try {
      if (buffered.idle && this.#writer.writeHere(text)) return Promise.resolve(lengthOf(text));
    } catch {
      // What can't be encoded fails again in its turn, and that is what the caller gets.
    }
    return buffered.inTurn("write", async () => {
      await this.#writer.write(text);
      return lengthOf(text);
    });
  }

  /**
   * Goes to a position that `tell` gave, to the start (0), or to the end (`seek(0, 2)`).
   *
   * @param position what `tell` gave, or 0
   * @param whence 0, the default; with 1 or 2, `position` can only be 0: here, or the end
   * @returns the position
   * @throws {@link UnsupportedOperationError} when the file has no positions, or for another one with 1 or 2
   */
  seek(position: number, whence: Whence = 0): Promise<number> {
    expectInteger("position", position, whence === 0 ? 0 : Number.MIN_SAFE_INTEGER);
    if (whence !== 0 && whence !== 1 && whence !== 2)
      throw outOfRange("whence", "0, 1 or 2", whence);
    const { buffered } = this;
    buffered.expectSeekable("seek");
    if (whence !== 0 && position !== 0) {
      const words = `seek(${position}, ${whence}) on '${this.name}'`;
      throw new UnsupportedOperationError(`${words}: in text, only positions that tell() gave`);
    }
    return buffered.inTurn("seek", async () => {
      const target =
        whence === 0 ? position : await (whence === 1 ? this.#tell() : buffered.size());
      await buffered.flush();
      this.#reader.drop();
      this.#writer.moved();
      await buffered.seek(target);
      return target;
    });
  }

  /**
   * The position, for `seek`: where in the file the next character begins.
   * @throws {@link UnsupportedOperationError} when the file has no positions
   */
  tell(): Promise<number> {
    const { buffered } = this;
    buffered.expectSeekable("tell");
    return buffered.inTurn("tell", () => this.#tell());
  }

  async #tell(): Promise<number> {
    return this.#reader.position ?? (await this.buffered.tell());
  }

  /** @internal */
  protected override lengthOf(line: string): number {
    return lengthOf(line);
  }

  /** @internal */
  protected override beforeTruncating(): void {
    this.#reader.putBack();
  }
}
