/*
 * TextWriter: text into buffered bytes (the writing half of Python's `io.TextIOWrapper`).
 *
 * Strategy: what needs neither a call of the system nor a look at the file is encoded into the buffer at once.
 * The position to write at is that of the text, not that of what was decoded ahead (where CPython writes).
 */
import type { BufferedFile } from "./bufferedFile.ts";
import type { Codec, UnicodeErrors } from "./codec.ts";
import { type Encoding, markOf } from "./encoding.ts";
import type { Newlines } from "./newlines.ts";
import type { TextReader } from "./textReader.ts";
import { isWellFormed, UTF8 } from "./utf8.ts";

/** How text is written. @internal */
export interface WriterRules {
  readonly encoding: Encoding;
  readonly errors: UnicodeErrors;
  readonly newlines: Newlines;
  /** Whether the end of a line flushes. */
  readonly byLines: boolean;
}

/** @internal */
export class TextWriter {
  readonly #buffered: BufferedFile;
  readonly #reader: TextReader;
  readonly #rules: WriterRules;
  /** Whether it is known that no mark has to be written. */
  #marked: boolean;

  constructor(buffered: BufferedFile, reader: TextReader, rules: WriterRules) {
    this.#buffered = buffered;
    this.#reader = reader;
    this.#rules = rules;
    this.#marked = rules.encoding.marks.length === 0;
  }

  /** Takes the text at once, if that can be; the caller has seen that nobody has the file. */
  writeHere(text: string): boolean {
    if (!this.#marked || this.#reader.ahead || this.#rules.byLines) return false;
    const words = this.#rules.newlines.toWrite(text);
    const buffered = this.#buffered;
    if (this.#codec === UTF8 && isWellFormed(words)) {
      if (!buffered.fits(3 * words.length)) return false;
      buffered.gatherText(words);
      return true;
    }
    // A character has four bytes at most.
    if (!buffered.fits(4 * words.length)) return false;
    buffered.gather(this.#codec.encode(words, this.#rules.errors));
    return true;
  }

  get #codec(): Codec {
    return this.#reader.codec ?? this.#rules.encoding.codec;
  }

  /** In turn. */
  async write(text: string): Promise<void> {
    if (this.#buffered.raw.seekable) this.#reader.putBack();
    const mark = this.#marked ? null : await this.#mark();
    let bytes = this.#codec.encode(this.#rules.newlines.toWrite(text), this.#rules.errors);
    if (mark !== null) bytes = Buffer.concat([mark, bytes]);
    await this.#buffered.write(bytes);
    if (bytes.length > 0) this.#marked = true;
    if (this.#rules.byLines && /[\r\n]/.test(text)) await this.#buffered.flush();
  }

  /** The mark that the file begins with, if it begins here. */
  async #mark(): Promise<Buffer | null> {
    const { encoding } = this.#rules;
    const buffered = this.#buffered;
    if ((await buffered.tell()) > 0) {
      if (buffered.rules.readable) await this.#reader.lookAtBeginning();
      return null;
    }
    return markOf(encoding, this.#codec);
  }

  /** The position is another now. */
  moved(): void {
    this.#marked = this.#rules.encoding.marks.length === 0;
  }
}

/** The bytes of a file that has this text and nothing else. @throws {@link UnicodeEncodeError} @internal */
export function contentOf(text: string, { encoding, errors, newlines }: WriterRules): Buffer {
  const { codec } = encoding;
  const bytes = codec.encode(newlines.toWrite(text), errors);
  const mark = markOf(encoding, codec);
  return mark === null ? bytes : Buffer.concat([mark, bytes]);
}
