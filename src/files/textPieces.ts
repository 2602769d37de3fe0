/*
 * TextPieces: pieces of text, decoded out of bytes that were read ahead.
 *
 * Strategy: lines are decoded in pieces of complete ones, of 32 KiB at most: a line is a slice of its piece, and keeps that
 * alive. The bytes of a piece are taken from the buffer, and can be put back as long as no more is read.
 */
import type { BufferedFile } from "./bufferedFile.ts";
import type { Codec, Decoded, UnicodeErrors } from "./codec.ts";
import type { Encoding } from "./encoding.ts";
import { UnicodeDecodeError } from "./errors.ts";
import type { LineLimit } from "./lineLimit.ts";
import type { Newlines } from "./newlines.ts";
import type { RawFile } from "./rawFile.ts";
import type { ReadBuffer } from "./readBuffer.ts";
import { endOf, fillToEnd, readOn } from "./readToEnd.ts";
import { TextPiece } from "./textPiece.ts";
import { ToldCodec } from "./toldCodec.ts";

const PIECE = 32_768;

/** How text is read. @internal */
export interface ReaderRules {
  readonly encoding: Encoding;
  readonly errors: UnicodeErrors;
  readonly newlines: Newlines;
  /** Characters of the longest line, its end not counted. */
  readonly maxLineLength: number;
}

/** @internal */
export class TextPieces {
  readonly #ahead: ReadBuffer;
  readonly #raw: RawFile;
  readonly #rules: ReaderRules;
  readonly #limit: LineLimit;
  readonly #told: ToldCodec;

  constructor(buffered: BufferedFile, rules: ReaderRules, limit: LineLimit) {
    this.#ahead = buffered.ahead;
    this.#raw = buffered.raw;

    this.#rules = rules;
    this.#limit = limit;
    this.#told = new ToldCodec(buffered, rules.encoding);
  }

  /** What the file is in, as far as it was looked at. */
  get codec(): Codec | null {
    return this.#told.known;
  }

  /** Once it was looked at. */
  get #codec(): Codec {
    return this.#told.known as Codec;
  }

  /** Finds out what the file is in, if it tells. */
  lookAtBeginning(): Promise<void> {
    return this.#told.find();
  }

  /** The position is another now. */
  moved(): void {
    this.#told.forget();
  }

  /** Lines that can be decoded at once; null when there are none. */
  linesHere(): TextPiece | null {
    if (this.codec === null) return null;
    const bytes = this.#ahead.look();
    const end = this.#endOfPiece(bytes, 0);
    if (end === 0) return null;
    try {
      return this.#decodeLines(bytes.subarray(0, end), false);
    } catch {
      // It fails again in its turn, and the caller gets that.
      return null;
    }
  }

  // In turn, from here on.

  /** The next lines that are complete, at least one; null at the end of the file. */
  async lines(): Promise<TextPiece | null> {
    await this.lookAtBeginning();
    const codec = this.#codec;
    const ahead = this.#ahead;
    // No line ends before this place.
    for (let from = 0; ;) {
      const bytes = ahead.look();
      const end = this.#endOfPiece(bytes, from);
      if (end > 0) return this.#decodeLines(bytes.subarray(0, end), false);
      this.#expectShortSoFar(bytes);
      from = Math.max(0, (bytes.length - codec.unit) & -codec.unit);
      if (!(await ahead.fill(bytes.length + 1))) break;
    }
    const rest = ahead.look();
    return rest.length === 0 ? null : this.#decodeLines(rest, true);
  }

  /** Behind complete lines, not more than make a piece if a line ends there; 0 when none ends at all. */
  #endOfPiece(bytes: Buffer, from: number): number {
    const { newlines } = this.#rules;
    const codec = this.#codec;
    const near = newlines.lastEnd(bytes.subarray(from, from + PIECE), codec);
    if (near > 0) return this.#halves(bytes, from + near) ? 0 : from + near;
    if (bytes.length <= from + PIECE) return 0;
    const far = newlines.lastEnd(bytes.subarray(from), codec);
    return far === 0 || this.#halves(bytes, from + far) ? 0 : from + far;
  }

  /** Whether that place is within `"\r\n"`: there may be bytes between the two that are left out. */
  #halves(bytes: Buffer, end: number): boolean {
    const { errors, newlines } = this.#rules;
    if (errors !== "ignore" || !newlines.splits("\r")) return false;
    const codec = this.#codec;
    if (!codec.return.equals(bytes.subarray(end - codec.unit, end))) return false;
    const { text } = this.#decode(bytes.subarray(end), false);
    return text === "" || text.startsWith("\n");
  }

  /** A piece of complete lines, of which the last one of a file may have no end; before an error, up to the line it is in. */
  #decodeLines(bytes: Buffer, final: boolean): TextPiece {
    const decoded = this.#decode(bytes, true);
    if (decoded.malformed === null) return this.#take(decoded, final);
    const end = this.#rules.newlines.lastEnd(bytes.subarray(0, decoded.used), this.#codec);
    if (end === 0) throw this.#undecodable(decoded, bytes);
    return this.#take(this.#decode(bytes.subarray(0, end), true), false);
  }

  #decode(bytes: Buffer, final: boolean): Decoded {
    return this.#codec.decode(bytes, this.#rules.errors, final);
  }

  #take({ text, used }: Decoded, final: boolean): TextPiece {
    // The bytes are needed as long as the piece is, and no more is read before that is used up or put back.
    const { position } = this.#ahead;
    const codec = this.#codec;
    const { errors, newlines } = this.#rules;
    const bytes = this.#ahead.takeBriefly(used);
    return new TextPiece(text, bytes, position, final, { codec, errors, newlines });
  }

  #undecodable({ malformed }: Decoded, from: Buffer): UnicodeDecodeError {
    const { at, length, reason } = malformed ?? { at: 0, length: 0, reason: "" };
    return new UnicodeDecodeError(reason, {
      encoding: this.#codec.name,
      path: this.#raw.name,
      position: this.#ahead.position + at,
      bytes: Buffer.from(from.subarray(at, at + length)),
    });
  }

  /** Of a line whose end is not in sight. */
  #expectShortSoFar(bytes: Buffer): void {
    const { most } = this.#limit;
    // A character has a byte at least.
    if (bytes.length <= most) return;
    const { text } = this.#decode(bytes, false);
    // The last one may be half of an end.
    if (text.length - 1 > most) throw this.#limit.overrun(this.#ahead.position);
  }

  /** The next text, whatever of it is there; null at the end of the file. */
  async text(): Promise<TextPiece | null> {
    await this.lookAtBeginning();
    const ahead = this.#ahead;
    for (let final = false; ;) {
      const bytes = ahead.look().subarray(0, PIECE);
      const piece = bytes.length > 0 ? this.#decodeSome(bytes, final) : null;
      if (piece !== null || final) return piece;
      final = !(await ahead.fill(bytes.length + 1));
    }
  }

  #decodeSome(bytes: Buffer, final: boolean): TextPiece | null {
    let decoded = this.#decode(bytes, final);
    if (decoded.malformed !== null && decoded.used === 0) throw this.#undecodable(decoded, bytes);
    if (!final && decoded.malformed === null) decoded = this.#withoutHalf(decoded, bytes);
    if (decoded.used === 0) return null;
    return this.#take(decoded, final && decoded.malformed === null);
  }

  /** What may be half of an end of line is left for when it is known. */
  #withoutHalf(decoded: Decoded, bytes: Buffer): Decoded {
    const { unit } = this.#codec;
    let shorter = decoded;
    // Once, but for bytes behind it that are left out.
    while (this.#rules.newlines.splits(shorter.text)) {
      shorter = this.#decode(bytes.subarray(0, shorter.used - unit), false);
    }
    return shorter;
  }

  /** All that is left of the file. What fails takes nothing. */
  async rest(): Promise<string> {
    await this.lookAtBeginning();
    const ahead = this.#ahead;
    if (!this.#raw.seekable) return await this.#restAtOnce();
    const { position } = ahead;
    try {
      return await this.#restInChunks();
    } catch (error) {
      ahead.moveTo(position);
      throw error;
    }
  }

  /** Chunk by chunk, each decoded while the next one is fetched: no buffer holds all, and what fails is read again. */
  async #restInChunks(): Promise<string> {
    const ahead = this.#ahead;
    const end = await endOf(this.#raw, ahead);
    let text = "";
    for (let final = false; !final;) {
      final = !(await readOn(ahead, end));
      while (ahead.available > 0) {
        const piece = this.#decodeSome(ahead.look(), final);
        if (piece === null) break;
        text += piece.text;
      }
    }
    return text;
  }

  async #restAtOnce(): Promise<string> {
    const ahead = this.#ahead;
    await fillToEnd(this.#raw, ahead);
    const bytes = ahead.look();
    const decoded = this.#decode(bytes, true);
    if (decoded.malformed !== null) throw this.#undecodable(decoded, bytes);
    ahead.skip(bytes.length);
    return this.#rules.newlines.translated(decoded.text);
  }
}
