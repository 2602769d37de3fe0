/*
 * Files that are in memory as long as they are small: objects for bytes and for text over one `SpooledRaw`.
 */
import { BinaryFile } from "./binaryFile.ts";
import type { BufferedFile } from "./bufferedFile.ts";
import type { SpooledRaw } from "./spooledRaw.ts";
import { TextFile, type TextFileRules } from "./textFile.ts";

/** A file of bytes that is in memory as long as it is small. */
export class SpooledTemporaryFile extends BinaryFile {
  readonly #raw: SpooledRaw;

  /** @internal */
  constructor(buffered: BufferedFile, maxLineLength: number | undefined, raw: SpooledRaw) {
    super(buffered, maxLineLength);
    this.#raw = raw;
  }

  /** Whether it was moved to the disk; `fileno()` is -1 until then. */
  get rolled(): boolean {
    return this.#raw.rolled;
  }

  /**
   * Moves it to the disk now.
   *
   * **Cancellation:** before its turn: nothing happens. After that it is done to its end.
   *
   * @throws {@link FileError} when no file can be made there; it stays in memory
   */
  rollover(): Promise<void> {
    return this.buffered.inTurn("rollover", () => this.#raw.rollover());
  }
}

/** A file of text that is in memory as long as it is small. */
export class SpooledTemporaryTextFile extends TextFile {
  readonly #raw: SpooledRaw;

  /** @internal */
  constructor(buffered: BufferedFile, rules: TextFileRules, raw: SpooledRaw) {
    super(buffered, rules);
    this.#raw = raw;
  }

  /** Whether it was moved to the disk; `fileno()` is -1 until then. */
  get rolled(): boolean {
    return this.#raw.rolled;
  }

  /** Moves it to the disk now, as {@link SpooledTemporaryFile.rollover} does. **Cancellation:** as there. */
  rollover(): Promise<void> {
    return this.buffered.inTurn("rollover", () => this.#raw.rollover());
  }
}
