/*
 * ToldCodec: what a file is in that may tell so itself, by the mark at its beginning.
 *
 * Strategy: looked for once, before the first text is decoded; at the start of the file the mark is passed over, from
 * elsewhere the beginning is read for it. After a jump it is looked for again, as it may have been written meanwhile.
 */
import type { BufferedFile } from "./bufferedFile.ts";
import type { RawFile } from "./rawFile.ts";
import type { Codec } from "./codec.ts";
import type { Encoding } from "./encoding.ts";

/** @internal */
export class ToldCodec {
  readonly #buffered: BufferedFile;
  readonly #encoding: Encoding;
  #codec: Codec | null;

  constructor(buffered: BufferedFile, encoding: Encoding) {
    this.#buffered = buffered;
    this.#encoding = encoding;
    this.#codec = encoding.marks.length === 0 ? encoding.codec : null;
  }

  /** As far as it was looked for. */
  get known(): Codec | null {
    return this.#codec;
  }

  /** Looks for it again, next time. */
  forget(): void {
    if (this.#encoding.marks.length > 0) this.#codec = null;
  }

  /** Finds out. In turn. */
  async find(): Promise<void> {
    this.#codec ??= await this.#told();
  }

  async #told(): Promise<Codec> {
    const { ahead } = this.#buffered;
    const { codec, marks } = this.#encoding;
    const longest = Math.max(...marks.map(({ bytes }) => bytes.length));
    const atStart = ahead.position === 0;
    if (atStart) await ahead.fill(longest);
    const bytes = atStart ? ahead.look() : await beginningOf(this.#buffered.raw, longest);
    const mark = marks.find(({ bytes: mark }) => mark.equals(bytes.subarray(0, mark.length)));
    if (mark === undefined) return codec;
    if (atStart) ahead.skip(mark.bytes.length);
    return mark.codec;
  }
}

/** The first bytes of a file, or as many as there are; the position stays. */
async function beginningOf(raw: RawFile, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  if (!raw.seekable) return bytes.subarray(0, 0);
  return bytes.subarray(0, await raw.read(bytes, 0, count, 0));
}
