/*
 * The lines of a file of bytes.
 */
import type { BufferedFile } from "./bufferedFile.ts";
import { lineOf } from "./bufferedLine.ts";
import type { LineSource } from "./lineIterator.ts";
import { LineLimit } from "./lineLimit.ts";

/** @internal */
export class BinaryLines implements LineSource<Buffer> {
  readonly #buffered: BufferedFile;
  readonly #limit: LineLimit;

  /** @param most bytes of the longest line, its end not counted */
  constructor(buffered: BufferedFile, most: number) {
    this.#buffered = buffered;
    this.#limit = new LineLimit(most, "bytes", buffered.raw.name);
  }

  lineHere(): Buffer | null {
    const buffered = this.#buffered;
    const { ahead } = buffered;
    return buffered.clear ? ahead.lineHere(this.#limit.most) : null;
  }

  async line(): Promise<Buffer | null> {
    const buffered = this.#buffered;
    const { ahead } = buffered;
    const line = await buffered.inTurnToRead("readline", () => lineOf(ahead, this.#limit));
    return line.length === 0 ? null : line;
  }

  linesHere(): Buffer[] | null {
    const buffered = this.#buffered;
    return buffered.clear ? buffered.ahead.linesHere(this.#limit.most) : null;
  }

  lines(): Promise<Buffer[]> {
    const buffered = this.#buffered;
    const { ahead } = buffered;
    return buffered.inTurnToRead("batches", async () => {
      const lines = ahead.linesHere(this.#limit.most);
      if (lines !== null) return lines;
      const first = await lineOf(ahead, this.#limit);
      if (first.length === 0) return [];
      return [first, ...(ahead.linesHere(this.#limit.most) ?? [])];
    });
  }
}
