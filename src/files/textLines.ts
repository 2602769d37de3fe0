/*
 * The lines of a file of text.
 */
import type { BufferedFile } from "./bufferedFile.ts";
import type { LineSource } from "./lineIterator.ts";
import type { TextReader } from "./textReader.ts";

/** @internal */
export class TextLines implements LineSource<string> {
  readonly #buffered: BufferedFile;
  readonly #reader: TextReader;

  constructor(buffered: BufferedFile, reader: TextReader) {
    this.#buffered = buffered;
    this.#reader = reader;
  }

  lineHere(): string | null {
    return this.#buffered.idle ? this.#reader.lineHere() : null;
  }

  async line(): Promise<string | null> {
    const line = await this.#buffered.inTurnToRead("readline", () => this.#reader.line());
    return line === "" ? null : line;
  }

  linesHere(): string[] | null {
    return this.#buffered.idle ? this.#reader.linesHere() : null;
  }

  lines(): Promise<string[]> {
    return this.#buffered.inTurnToRead("batches", () => this.#reader.lines());
  }
}
